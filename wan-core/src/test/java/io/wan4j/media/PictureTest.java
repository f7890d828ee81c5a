package io.wan4j.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PictureTest {
    @TempDir
    private Path folder;

    private static void assertNear(Picture picture, int x, int y, int colour, int tolerance) {
        Color got = new Color(picture.rgbAt(x, y));
        Color expected = new Color(colour);
        assertThat(Math.abs(got.getRed() - expected.getRed()))
                .as("red of %s, expected %s", got, expected)
                .isLessThanOrEqualTo(tolerance);
        assertThat(Math.abs(got.getGreen() - expected.getGreen()))
                .as("green of %s, expected %s", got, expected)
                .isLessThanOrEqualTo(tolerance);
        assertThat(Math.abs(got.getBlue() - expected.getBlue()))
                .as("blue of %s, expected %s", got, expected)
                .isLessThanOrEqualTo(tolerance);
    }

    private static void assertQuarters(Picture picture, int tolerance) {
        assertThat(picture.size()).isEqualTo(new PixelSize(PictureFiles.WIDTH, PictureFiles.HEIGHT));
        for (int[] at : new int[][] {{4, 4}, {43, 4}, {4, 27}, {43, 27}}) {
            assertNear(picture, at[0], at[1], PictureFiles.colour(at[0], at[1]), tolerance);
        }
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                BufferedImage.TYPE_3BYTE_BGR,
                BufferedImage.TYPE_4BYTE_ABGR,
                BufferedImage.TYPE_INT_RGB,
                BufferedImage.TYPE_INT_ARGB,
                BufferedImage.TYPE_INT_ARGB_PRE,
                BufferedImage.TYPE_INT_BGR
            })
    void pngGivesItsPixelsExactly(int type) throws IOException {
        BufferedImage image = PictureFiles.quarters(type);
        assertQuarters(Picture.of(image), 0);
        assertQuarters(Picture.read(PictureFiles.encode(image, "png"), "quarters.png"), 0);
    }

    @Test
    void indexedPngGivesItsPaletteColours() throws IOException {
        byte[] file = PictureFiles.encode(PictureFiles.quarters(BufferedImage.TYPE_BYTE_INDEXED), "png");
        assertQuarters(Picture.read(file, "indexed.png"), 13);
    }

    @Test
    void jpegAndProgressiveJpegGiveNearlyTheirPixels() throws IOException {
        BufferedImage image = PictureFiles.quarters(BufferedImage.TYPE_3BYTE_BGR);
        assertQuarters(Picture.read(PictureFiles.encode(image, "jpeg"), "q.jpg"), 6);
        assertQuarters(Picture.read(PictureFiles.progressiveJpeg(image), "q.jpg"), 6);
    }

    @Test
    void webpIsReadLossyAndLossless() throws IOException {
        BufferedImage image = PictureFiles.quarters(BufferedImage.TYPE_4BYTE_ABGR);
        assertQuarters(Picture.read(PictureFiles.webp(image, true), "q.webp"), 0);
        assertQuarters(Picture.read(PictureFiles.webp(image, false), "q.webp"), 8);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 17, 40, 113})
    void webpOfAnySizeAndContentIsReadToItsEnd(int extent) throws IOException {
        Random random = new Random(extent);
        BufferedImage noise = new BufferedImage(extent, extent + 1, BufferedImage.TYPE_INT_ARGB);
        BufferedImage flat = new BufferedImage(extent, extent + 1, BufferedImage.TYPE_INT_ARGB);
        for (int y = 0; y <= extent; y++) {
            for (int x = 0; x < extent; x++) {
                noise.setRGB(x, y, 0xff000000 | random.nextInt(1 << 24));
                flat.setRGB(x, y, 0xff336699);
            }
        }
        assertThat(Picture.read(PictureFiles.webp(noise, true), "noise.webp")).isEqualTo(Picture.of(noise));
        assertThat(Picture.read(PictureFiles.webp(flat, true), "flat.webp")).isEqualTo(Picture.of(flat));
        assertNear(Picture.read(PictureFiles.webp(flat, false), "flat.webp"), extent - 1, extent, 0x336699, 6);
        Picture.read(PictureFiles.webp(noise, false), "noise.webp");
    }

    @Test
    void greyIsRepeatedAndNotBrightened() throws IOException {
        byte[] raw = {0, 0, 64, (byte) 128, (byte) 255};
        Picture grey = Picture.read(PictureFiles.png(4, 1, 0x800, raw), "grey.png");
        assertThat(grey.rgb()).containsExactly(0, 0, 0, 64, 64, 64, 128, 128, 128, 255, 255, 255);
        byte[] raw2 = {0, (byte) 0b00011011};
        Picture twoBits = Picture.read(PictureFiles.png(4, 1, 0x200, raw2), "grey2.png");
        assertThat(IntStream.range(0, 4).map(x -> twoBits.rgbAt(x, 0)))
                .containsExactly(0, 0x555555, 0xaaaaaa, 0xffffff);
        Picture jpeg = Picture.read(
                PictureFiles.encode(PictureFiles.quarters(BufferedImage.TYPE_BYTE_GRAY), "jpeg"), "grey.jpg");
        int level =
                PictureFiles.quarters(BufferedImage.TYPE_BYTE_GRAY).getRaster().getSample(43, 27, 0);
        assertNear(jpeg, 43, 27, level * 0x010101, 2);
    }

    @Test
    void sixteenBitsAreRoundedToEight() throws IOException {
        byte[] grey = {0, 0x12, 0x34, (byte) 0x80, 0x7f, (byte) 0xff, (byte) 0xff};
        Picture picture = Picture.read(PictureFiles.png(3, 1, 0x1000, grey), "grey16.png");
        assertThat(IntStream.range(0, 3).map(x -> picture.rgbAt(x, 0) & 255)).containsExactly(18, 128, 255);
        byte[] rgb = {0, (byte) 0xff, (byte) 0xff, 0x00, (byte) 0x80, 0x12, 0x34};
        assertThat(Picture.read(PictureFiles.png(1, 1, 0x1002, rgb), "rgb16.png")
                        .rgbAt(0, 0))
                .isEqualTo(0xff0012);
    }

    @Test
    void transparentPartsAreShownOverWhite() throws IOException {
        byte[] rgba = {0, (byte) 200, 0, 0, 0, (byte) 200, 0, 0, (byte) 128, (byte) 200, 0, 0, (byte) 255};
        Picture picture = Picture.read(PictureFiles.png(3, 1, 0x806, rgba), "alpha.png");
        assertThat(picture.rgbAt(0, 0)).isEqualTo(0xffffff);
        assertNear(picture, 1, 0, 0xe37f7f, 1);
        assertThat(picture.rgbAt(2, 0)).isEqualTo(0xc80000);
        byte[] greyAlpha = {0, 100, 0, 100, (byte) 255};
        Picture grey = Picture.read(PictureFiles.png(2, 1, 0x804, greyAlpha), "grey-alpha.png");
        assertThat(grey.rgb()).containsExactly(255, 255, 255, 100, 100, 100);
        BufferedImage clear = new BufferedImage(PictureFiles.WIDTH, PictureFiles.HEIGHT, BufferedImage.TYPE_INT_ARGB);
        assertThat(Picture.read(PictureFiles.webp(clear, true), "clear.webp").rgbAt(5, 5))
                .isEqualTo(0xffffff);
    }

    @Test
    void singleTransparentColourIsShownAsWhite() throws IOException {
        byte[] raw = {0, 10, 20, 30, 40, 50, 60};
        byte[] key = PictureFiles.chunk("tRNS", new byte[] {0, 10, 0, 20, 0, 30});
        Picture picture = Picture.read(PictureFiles.png(2, 1, 0x802, raw, key), "key.png");
        assertThat(picture.rgbAt(0, 0)).isEqualTo(0xffffff);
        assertThat(picture.rgbAt(1, 0)).isEqualTo(0x28323c);
    }

    @Test
    void cmykJpegBecomesRgb() throws IOException {
        assertNear(Picture.read(PictureFiles.cmykJpeg(255, 255, 255, 255), "paper.jpg"), 9, 9, 0xffffff, 2);
        assertNear(Picture.read(PictureFiles.cmykJpeg(0, 0, 0, 0), "ink.jpg"), 9, 9, 0x000000, 2);
        assertNear(Picture.read(PictureFiles.cmykJpeg(0, 255, 255, 255), "cyan.jpg"), 9, 9, 0x00ffff, 2);
        assertNear(Picture.read(PictureFiles.cmykJpeg(255, 255, 0, 255), "yellow.jpg"), 9, 9, 0xffff00, 2);
    }

    @Test
    void jpegOfFourChannelsOfUnknownMeaningIsRefused() throws IOException {
        assertRefused(PictureFiles.fourChannelJpeg(1, 2, 3, 4), "four channels", "RGB");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void exifOrientationTurnsThePicture(int number) throws IOException {
        Picture stored = Picture.of(PictureFiles.quarters(BufferedImage.TYPE_3BYTE_BGR));
        byte[] jpeg = PictureFiles.encode(stored.toBufferedImage(), "jpeg");
        Picture turned = Picture.read(PictureFiles.jpegWithExif(jpeg, PictureFiles.exif(number)), "turned.jpg");
        assertThat(turned.size())
                .isEqualTo(number < 5 ? stored.size() : stored.size().turned());
        // where EXIF 2.3 puts the stored rows 0 and columns 0: the colours of the shown corners, clockwise
        String corners = switch (number) {
            case 1 -> "RG.B";
            case 2 -> "GRB.";
            case 3 -> ".BRG";
            case 4 -> "B.GR";
            case 5 -> "RB.G";
            case 6 -> "BRG.";
            case 7 -> ".GRB";
            default -> "G.BR";
        };
        int right = turned.width() - 5;
        int bottom = turned.height() - 5;
        int[][] at = {{4, 4}, {right, 4}, {right, bottom}, {4, bottom}};
        for (int i = 0; i < 4; i++) {
            int colour = switch (corners.charAt(i)) {
                case 'R' -> 0xff0000;
                case 'G' -> 0x00ff00;
                case 'B' -> 0x0000ff;
                default -> 0x404040;
            };
            assertNear(turned, at[i][0], at[i][1], colour, 6);
        }
    }

    @Test
    void orientationIsFoundInPngAndWebpToo() throws IOException {
        BufferedImage image = PictureFiles.quarters(BufferedImage.TYPE_4BYTE_ABGR);
        byte[] webp = PictureFiles.webpWithExif(PictureFiles.webp(image, true), PictureFiles.exif(3));
        assertThat(Picture.read(webp, "turned.webp").rgbAt(0, 0)).isEqualTo(0x404040);
        byte[] raw = {0, 10, 20};
        byte[] png = PictureFiles.png(2, 1, 0x800, raw, PictureFiles.chunk("eXIf", PictureFiles.exif(2)));
        assertThat(Picture.read(png, "turned.png").rgbAt(0, 0)).isEqualTo(0x141414);
    }

    @Test
    void damagedExifIsIgnored() throws IOException {
        byte[] jpeg = PictureFiles.encode(PictureFiles.quarters(BufferedImage.TYPE_3BYTE_BGR), "jpeg");
        byte[] garbage = new byte[40];
        Arrays.fill(garbage, (byte) 0xee);
        assertQuarters(Picture.read(PictureFiles.jpegWithExif(jpeg, garbage), "odd.jpg"), 6);
        assertQuarters(Picture.read(PictureFiles.jpegWithExif(jpeg, PictureFiles.exif(77)), "odd.jpg"), 6);
    }

    private static void assertRefused(byte[] file, String... parts) {
        assertThatThrownBy(() -> Picture.read(file, "cat.xyz"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("picture cat.xyz: expected ")
                .hasMessageContaining(", got ")
                .hasMessageContainingAll(parts);
    }

    @Test
    void otherKindsOfFileAreNamedInTheError() {
        assertRefused(new byte[0], "an empty file");
        assertRefused(
                "a cat surfing at dusk\n".getBytes(java.nio.charset.StandardCharsets.UTF_8),
                "a text file",
                "PNG, JPEG or WebP");
        assertRefused("GIF89a..".getBytes(java.nio.charset.StandardCharsets.UTF_8), "a GIF");
        assertRefused("\0\0\0\u0018ftypheic".getBytes(java.nio.charset.StandardCharsets.UTF_8), "HEIC");
        assertRefused(new byte[] {0, 1, 2, 3}, "an unknown binary file");
    }

    @Test
    void missingFileAndFolderAreClearErrors() {
        assertThatThrownBy(() -> Picture.read(folder.resolve("none.png")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("none.png");
        assertThatThrownBy(() -> Picture.read(folder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("folder");
    }

    static Map<String, byte[]> everyKind() throws IOException {
        return PictureFiles.all();
    }

    @Test
    void truncatedFilesOfEveryKindAreRefused() throws IOException {
        for (Map.Entry<String, byte[]> file : everyKind().entrySet()) {
            byte[] whole = file.getValue();
            Picture.read(whole, file.getKey());
            for (int length : new int[] {whole.length - 1, whole.length - 9, whole.length * 2 / 3, whole.length / 4}) {
                assertThatThrownBy(() -> Picture.read(Arrays.copyOf(whole, length), file.getKey()))
                        .as("%s cut from %d to %d bytes", file.getKey(), whole.length, length)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("damaged or truncated");
            }
        }
    }

    @Test
    void absurdSizesAreRefusedByTheHeader() throws IOException {
        byte[] raw = new byte[100];
        assertRefused(PictureFiles.png(100_000, 100_000, 0x802, raw), "100000x100000", "at most 100000000 pixels");
        assertRefused(PictureFiles.png(9_000, 9_000, 0x802, raw), "too much for its data");
        assertRefused(PictureFiles.png(0, 5, 0x802, raw), "damaged");
        byte[] jpeg = PictureFiles.encode(PictureFiles.quarters(BufferedImage.TYPE_3BYTE_BGR), "jpeg");
        int frame = indexOf(jpeg, new byte[] {(byte) 0xff, (byte) 0xc0});
        Arrays.fill(jpeg, frame + 5, frame + 9, (byte) 0x20);
        assertRefused(jpeg, "8224x8224", "too much for its data");
        Arrays.fill(jpeg, frame + 5, frame + 9, (byte) 0xff);
        assertRefused(jpeg, "65535x65535", "at most");
    }

    private static int indexOf(byte[] in, byte[] what) {
        return IntStream.range(0, in.length - what.length)
                .filter(i -> Arrays.equals(in, i, i + what.length, what, 0, what.length))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void textBombInAPngIsNeverInflated() throws IOException {
        byte[] raw = {0, 10, 20};
        byte[] zeros = new byte[40 << 20];
        byte[] bomb = new byte[100_000];
        java.util.zip.Deflater deflater = new java.util.zip.Deflater(9);
        deflater.setInput(zeros);
        deflater.finish();
        int length = deflater.deflate(bomb);
        deflater.end();
        byte[] body = new byte[length + 3];
        body[0] = 'a';
        System.arraycopy(bomb, 0, body, 3, length);
        byte[] png = PictureFiles.png(2, 1, 0x800, raw, PictureFiles.chunk("zTXt", body));
        assertThat(Picture.read(png, "bomb.png").rgb()).containsExactly(10, 10, 10, 20, 20, 20);
    }

    @Test
    void writtenPngIsReadBackAndExistingFilesAreKept() throws IOException {
        Picture picture = Picture.of(PictureFiles.quarters(BufferedImage.TYPE_INT_RGB));
        Path file = folder.resolve("out.png");
        picture.writePng(file, Overwrite.REFUSE);
        assertThat(Picture.read(file)).isEqualTo(picture).hasSameHashCodeAs(picture);
        byte[] before = Files.readAllBytes(file);
        assertThatThrownBy(() -> picture.writePng(file, Overwrite.REFUSE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("existing file");
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        Picture other = picture.scaledTo(new PixelSize(10, 10));
        other.writePng(file, Overwrite.REPLACE);
        assertThat(Picture.read(new ByteArrayInputStream(Files.readAllBytes(file)), "again"))
                .isEqualTo(other);
        try (var entries = Files.list(folder)) {
            assertThat(entries).containsExactly(file);
        }
    }

    @Test
    void pixelsAreCopiedInAndOut() {
        byte[] rgb = {1, 2, 3};
        Picture picture = Picture.ofRgb(new PixelSize(1, 1), rgb);
        rgb[0] = 9;
        picture.rgb()[1] = 9;
        assertThat(picture.rgbAt(0, 0)).isEqualTo(0x010203);
        assertThatThrownBy(() -> Picture.ofRgb(new PixelSize(1, 1), new byte[4]))
                .isInstanceOf(io.wan4j.error.ShapeException.class);
    }

    @ParameterizedTest
    @MethodSource("everyColour")
    void everyLevelSurvivesTheWayToPlanesAndBack(int level) {
        byte[] rgb = {(byte) level, (byte) level, (byte) level};
        Picture picture = Picture.ofRgb(new PixelSize(1, 1), rgb);
        // truncation may lose one level where v/255*2-1 was rounded down
        assertThat(level - (picture.toPlanes().toPicture().rgbAt(0, 0) & 255)).isBetween(0, 1);
    }

    static IntStream everyColour() {
        return IntStream.range(0, 256);
    }
}
