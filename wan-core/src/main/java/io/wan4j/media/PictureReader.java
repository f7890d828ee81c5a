package io.wan4j.media;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decodes one picture file that nobody vouches for. */
final class PictureReader {
    private static final Logger LOG = LoggerFactory.getLogger(PictureReader.class);
    private static final String KINDS = "a PNG, JPEG or WebP picture";

    private final String name;
    private final long maxPixels;

    /**
     * A reader of one picture.
     *
     * @param name what errors call it
     * @param maxPixels larger ones are refused by their header
     */
    PictureReader(String name, long maxPixels) {
        this.name = name;
        this.maxPixels = maxPixels;
    }

    Picture read(byte[] file) {
        if (file.length > Picture.MAX_BYTES) {
            throw wrong("at most " + Picture.MAX_BYTES + " bytes", "a longer file", "scale the picture down");
        }
        PictureKind kind = PictureKind.of(file)
                .orElseThrow(() -> wrong(KINDS, PictureKind.describe(file), "convert it, for example to PNG"));
        PictureFile checked;
        try {
            checked = PictureFile.check(kind, file);
        } catch (PictureFile.UnclearChannels e) {
            throw wrong(
                    "a JPEG of RGB, grey or Adobe's CMYK",
                    "one of four channels that does not say what they are",
                    "export it as RGB or as PNG");
        } catch (IOException e) {
            throw damaged(kind, e);
        }
        Picture stored = decode(kind, checked);
        return checked.exif().length == 0
                ? stored
                : Orientation.ofExif(checked.exif()).apply(stored);
    }

    private Picture decode(PictureKind kind, PictureFile file) {
        ImageReader reader = readerOf(kind);
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
        try (BoundedImageInput in = new BoundedImageInput(file.decodable())) {
            reader.setInput(in, true, true);
            PixelSize size = checkSize(reader.getWidth(0), reader.getHeight(0), file);
            BufferedImage image = reader.read(0);
            complainOfLoss(warnings);
            if (image.getWidth() != size.width() || image.getHeight() != size.height()) {
                throw new IOException(
                        "its header says " + size + ", its data are " + image.getWidth() + "x" + image.getHeight());
            }
            return Picture.of(image);
        } catch (TooLarge e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // the decoders answer hostile files with unchecked exceptions of many kinds
            throw damaged(kind, e);
        } finally {
            reader.dispose();
        }
    }

    private PixelSize checkSize(int width, int height, PictureFile file) throws IOException {
        if (width < 1 || height < 1) {
            throw new IOException("its header says " + width + "x" + height + " pixels");
        }
        PixelSize size = new PixelSize(width, height);
        if (size.pixels() > maxPixels) {
            throw new TooLarge(message("at most " + maxPixels + " pixels", size.toString(), "scale it down"));
        }
        if (size.pixels() > file.mostPixels()) {
            throw new IOException("its header says " + size + ", too much for its data");
        }
        return size;
    }

    /** A cut JPEG is filled with grey by its decoder, which only warns. */
    private void complainOfLoss(List<String> warnings) throws IOException {
        for (String warning : warnings) {
            if (warning.contains("Truncated") || warning.contains("remature end")) {
                throw new IOException(warning);
            }
            LOG.warn("picture {}: {}", name, warning);
        }
    }

    /** WebP's plugin is made here because ImageIO finds plugins by the thread's class loader, which may not see it. */
    private ImageReader readerOf(PictureKind kind) {
        if (kind == PictureKind.WEBP) {
            return new WebPImageReaderSpi().createReaderInstance(null);
        }
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(kind == PictureKind.PNG ? "png" : "jpeg");
        if (!readers.hasNext()) {
            throw wrong("a Java runtime that reads " + kind, "none for it", "use a JDK with java.desktop");
        }
        return readers.next();
    }

    private IllegalArgumentException damaged(PictureKind kind, Exception cause) {
        String reason = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        IllegalArgumentException e =
                wrong("a whole " + kind, "a damaged or truncated one (" + reason + ")", "copy or export it again");
        e.initCause(cause);
        return e;
    }

    private IllegalArgumentException wrong(String expected, String got, String remedy) {
        return new IllegalArgumentException(message(expected, got, remedy));
    }

    private String message(String expected, String got, String remedy) {
        return "picture " + name + ": expected " + expected + ", got " + got + "; " + remedy;
    }

    private static final class TooLarge extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        TooLarge(String message) {
            super(message);
        }
    }
}
