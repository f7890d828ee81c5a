package io.wan4j.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.error.ShapeException;
import io.wan4j.error.UnsupportedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.FileImageInputStream;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacv.FFmpegFrameGrabber;
import org.bytedeco.javacv.Frame;
import org.bytedeco.javacv.FrameGrabber;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class VideoWriterTest {
    private static final PixelSize SIZE = new PixelSize(96, 64);

    @TempDir
    private Path folder;

    /** A smooth picture whose colours move with time, so that frames can be told apart. */
    static Picture frame(PixelSize size, int time) {
        byte[] rgb = new byte[(int) (3 * size.pixels())];
        for (int y = 0; y < size.height(); y++) {
            for (int x = 0; x < size.width(); x++) {
                int at = 3 * (y * size.width() + x);
                rgb[at] = (byte) (127 * x / size.width());
                rgb[at + 1] = (byte) (127 * y / size.height());
                rgb[at + 2] = (byte) (10 * time);
            }
        }
        return Picture.ofRgb(size, rgb);
    }

    private Path write(VideoFormat format, String name, PixelSize size, int frames) {
        Path target = folder.resolve(name);
        try (FrameWriter writer = format.open(target, VideoSettings.of(size))) {
            for (int t = 0; t < frames; t++) {
                writer.write(frame(size, t));
            }
            assertThat(target).as("before the end").doesNotExist();
            assertThat(writer.finish()).isEqualTo(target);
        }
        return target;
    }

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    private static double meanError(Picture got, Picture expected) {
        assertThat(got.size()).isEqualTo(expected.size());
        long sum = 0;
        byte[] a = got.rgb();
        byte[] b = expected.rgb();
        for (int i = 0; i < a.length; i++) {
            sum += Math.abs((a[i] & 255) - (b[i] & 255));
        }
        return (double) sum / a.length;
    }

    private static List<Picture> decode(Path file) throws IOException {
        List<Picture> frames = new ArrayList<>();
        try (FFmpegFrameGrabber grabber = new FFmpegFrameGrabber(file.toFile())) {
            grabber.setPixelFormat(avutil.AV_PIX_FMT_RGB24);
            grabber.setImageMode(FrameGrabber.ImageMode.COLOR);
            grabber.start();
            assertThat(grabber.getVideoCodecName()).isEqualTo("h264");
            assertThat(grabber.getFrameRate()).isEqualTo(16);
            for (Frame frame = grabber.grabImage(); frame != null; frame = grabber.grabImage()) {
                byte[] rgb = new byte[3 * frame.imageWidth * frame.imageHeight];
                ByteBuffer rows = (ByteBuffer) frame.image[0];
                for (int y = 0; y < frame.imageHeight; y++) {
                    rows.get(y * frame.imageStride, rgb, 3 * y * frame.imageWidth, 3 * frame.imageWidth);
                }
                frames.add(Picture.ofRgb(new PixelSize(frame.imageWidth, frame.imageHeight), rgb));
            }
        }
        return frames;
    }

    @ParameterizedTest
    @CsvSource({"96,64,17", "16,16,1", "50,34,5", "832,480,5"})
    void mp4HoldsEveryFrameInItsSizeAndNearlyItsColours(int width, int height, int count) throws IOException {
        PixelSize size = new PixelSize(width, height);
        List<Picture> frames = decode(write(VideoFormat.MP4, "out.mp4", size, count));
        assertThat(frames).hasSize(count);
        for (int t = 0; t < count; t++) {
            assertThat(meanError(frames.get(t), frame(size, t)))
                    .as("frame %d", t)
                    .isLessThan(4);
        }
        assertThat(names()).containsExactly("out.mp4");
    }

    @Test
    void mp4HasItsIndexFirstAndSaysItsColours() throws IOException {
        String bytes = Files.readString(write(VideoFormat.MP4, "out.mp4", SIZE, 3), StandardCharsets.ISO_8859_1);
        assertThat(bytes.indexOf("moov")).isPositive().isLessThan(bytes.indexOf("mdat"));
        assertThat(bytes).contains("colrnclx");
    }

    @ParameterizedTest
    @CsvSource({"97,64", "96,63", "14,14", "8192,4096"})
    void sizesThatH264CannotHoldAreRefusedBeforeWriting(int width, int height) throws IOException {
        VideoSettings settings = VideoSettings.of(new PixelSize(width, height));
        assertThatThrownBy(() -> VideoFormat.MP4.open(folder.resolve("out.mp4"), settings))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(width + "x" + height)
                .hasMessageContaining("GIF or PNG");
        assertThat(names()).isEmpty();
    }

    @Test
    void gifHoldsEveryFrameAtItsRateAndRepeats() throws IOException {
        Path file = write(VideoFormat.GIF, "out.gif", SIZE, 8);
        ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
        try (FileImageInputStream in = new FileImageInputStream(file.toFile())) {
            reader.setInput(in);
            assertThat(reader.getNumImages(true)).isEqualTo(8);
            int hundredths = 0;
            for (int t = 0; t < 8; t++) {
                assertThat(meanError(Picture.of(reader.read(t)), frame(SIZE, t)))
                        .as("frame %d", t)
                        .isLessThan(8);
                IIOMetadataNode root =
                        (IIOMetadataNode) reader.getImageMetadata(t).getAsTree("javax_imageio_gif_image_1.0");
                IIOMetadataNode control = (IIOMetadataNode)
                        root.getElementsByTagName("GraphicControlExtension").item(0);
                hundredths += Integer.parseInt(control.getAttribute("delayTime"));
            }
            assertThat(hundredths).as("8 frames at 16 a second").isEqualTo(50);
        } finally {
            reader.dispose();
        }
        assertThat(Files.readString(file, StandardCharsets.ISO_8859_1)).contains("NETSCAPE2.0");
    }

    @Test
    void pngSequenceHoldsEveryFrameExactly() throws IOException {
        PixelSize odd = new PixelSize(17, 9);
        Path target = write(VideoFormat.PNG_SEQUENCE, "frames", odd, 3);
        for (int t = 0; t < 3; t++) {
            assertThat(Picture.read(target.resolve("frame_0000" + t + ".png"))).isEqualTo(frame(odd, t));
        }
        assertThat(names()).containsExactly("frames");
    }

    @ParameterizedTest
    @EnumSource
    void closingWithoutFinishLeavesNothing(VideoFormat format) throws IOException {
        Path target = folder.resolve("out");
        FrameWriter writer = format.open(target, VideoSettings.of(SIZE));
        writer.write(frame(SIZE, 0));
        assertThat(names()).as("hidden while unfinished").hasSize(1).allMatch(name -> name.startsWith(".out."));
        writer.close();
        writer.close();
        assertThat(names()).isEmpty();
        assertThatThrownBy(() -> writer.write(frame(SIZE, 1))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @EnumSource
    void videoWithoutFramesIsRefused(VideoFormat format) throws IOException {
        try (FrameWriter writer = format.open(folder.resolve("out"), VideoSettings.of(SIZE))) {
            assertThatThrownBy(writer::finish)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("at least one frame");
        }
        assertThat(names()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void frameOfAnotherSizeIsRefusedAndTheVideoGoesOn(VideoFormat format) {
        Path target = folder.resolve("out");
        try (FrameWriter writer = format.open(target, VideoSettings.of(SIZE))) {
            writer.write(frame(SIZE, 0));
            assertThatThrownBy(() -> writer.write(frame(new PixelSize(64, 96), 1)))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("frame 1: expected 96x64, got 64x96");
            assertThatThrownBy(() -> writer.write(new byte[5])).isInstanceOf(ShapeException.class);
            writer.write(frame(SIZE, 1).rgb());
            writer.finish();
        }
        assertThat(target).exists();
    }

    @ParameterizedTest
    @EnumSource
    void existingTargetIsKeptUnlessReplaced(VideoFormat format) throws IOException {
        Path target = write(format, "out", SIZE, 2);
        long before = Files.getLastModifiedTime(target).toMillis();
        VideoSettings settings = VideoSettings.of(SIZE);
        assertThatThrownBy(() -> format.open(target, settings))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("existing");
        assertThat(Files.getLastModifiedTime(target).toMillis()).isEqualTo(before);
        try (FrameWriter writer = format.open(target, settings.withOverwrite(Overwrite.REPLACE))) {
            writer.write(frame(SIZE, 5));
            assertThat(target).as("still the old one").exists();
            writer.finish();
        }
        if (format == VideoFormat.PNG_SEQUENCE) {
            assertThat(target.resolve("frame_00001.png"))
                    .as("frame of the old video")
                    .doesNotExist();
        }
        assertThat(names()).containsExactly("out");
    }

    @Test
    void targetThatAppearsMeanwhileIsKept() throws IOException {
        Path target = folder.resolve("out.gif");
        try (FrameWriter writer = VideoFormat.GIF.open(target, VideoSettings.of(SIZE))) {
            writer.write(frame(SIZE, 0));
            Files.writeString(target, "mine");
            assertThatThrownBy(writer::finish).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(target).hasContent("mine");
        assertThat(names()).containsExactly("out.gif");
    }

    @Test
    void folderWithOtherFilesIsNeverReplaced() throws IOException {
        Path target = Files.createDirectory(folder.resolve("holiday"));
        VideoSettings replace = VideoSettings.of(SIZE).withOverwrite(Overwrite.REPLACE);
        try (FrameWriter writer = VideoFormat.PNG_SEQUENCE.open(target, VideoSettings.of(SIZE))) {
            writer.write(frame(SIZE, 0));
            writer.finish();
        }
        Files.writeString(target.resolve("notes.txt"), "mine");
        assertThatThrownBy(() -> VideoFormat.PNG_SEQUENCE.open(target, replace))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("notes.txt");
        assertThatThrownBy(() -> VideoFormat.MP4.open(target, replace))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got a folder");
        assertThat(target.resolve("notes.txt")).hasContent("mine");
    }

    @Test
    void missingParentFolderIsAClearError() {
        assertThatThrownBy(() -> VideoFormat.MP4.open(folder.resolve("none/out.mp4"), VideoSettings.of(SIZE)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("create it first");
    }

    @Test
    void failureWhileWritingLeavesNothing() throws IOException {
        Path target = folder.resolve("frames");
        FrameWriter writer = VideoFormat.PNG_SEQUENCE.open(target, VideoSettings.of(SIZE));
        writer.write(frame(SIZE, 0));
        try (Stream<Path> hidden = Files.list(folder)) {
            Path part = hidden.findFirst().orElseThrow();
            Files.createDirectory(part.resolve("frame_00001.png"));
        }
        assertThatThrownBy(() -> writer.write(frame(SIZE, 1)))
                .isInstanceOf(java.io.UncheckedIOException.class)
                .hasMessageContaining("frame 1");
        assertThat(names()).isEmpty();
        writer.close();
    }

    @Test
    void nameTellsTheFormat() {
        assertThat(VideoFormat.of(Path.of("a/cat.MP4"))).isEqualTo(VideoFormat.MP4);
        assertThat(VideoFormat.of(Path.of("cat.gif"))).isEqualTo(VideoFormat.GIF);
        assertThat(VideoFormat.of(Path.of("a.b/frames"))).isEqualTo(VideoFormat.PNG_SEQUENCE);
        assertThatThrownBy(() -> VideoFormat.of(Path.of("cat.avi")))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining(".avi");
    }

    @ParameterizedTest
    @CsvSource({"0", "-1", "NaN", "1000"})
    void ratesOutOfRangeAreRefused(double rate) {
        assertThatThrownBy(() -> VideoSettings.of(SIZE).withFramesPerSecond(rate))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void contactSheetShowsFramesInOrder() {
        List<Picture> frames =
                Stream.of(0, 5, 10, 15, 20, 25).map(t -> frame(SIZE, t)).toList();
        Picture sheet = new ContactSheet(4, 48, 2).draw(frames);
        assertThat(sheet.size()).isEqualTo(new PixelSize(4 * 50 + 2, 2 * 34 + 2));
        assertThat(sheet.rgbAt(0, 0)).isEqualTo(0xffffff);
        for (int i = 0; i < 6; i++) {
            int blue = sheet.rgbAt(2 + i % 4 * 50 + 10, 2 + i / 4 * 34 + 10) & 255;
            assertThat(blue).as("cell %d", i).isBetween(50 * i - 2, 50 * i + 2);
        }
        assertThat(sheet.rgbAt(2 + 3 * 50 + 10, 2 + 34 + 10)).as("unused cell").isEqualTo(0xffffff);
        assertThat(ContactSheet.spread(frames, 3)).containsExactly(frames.get(0), frames.get(3), frames.get(5));
        assertThat(ContactSheet.spread(frames, 9)).isEqualTo(frames);
        assertThatThrownBy(() -> ContactSheet.standard().draw(List.of())).isInstanceOf(IllegalArgumentException.class);
    }
}
