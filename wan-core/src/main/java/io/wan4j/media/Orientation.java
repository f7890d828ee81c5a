package io.wan4j.media;

import com.drew.lang.ByteArrayReader;
import com.drew.metadata.Metadata;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How stored pixels are turned for display; in the order of the EXIF numbers 1 to 8. */
enum Orientation {
    UPRIGHT(false, false, false),
    MIRRORED(false, true, false),
    TURNED_180(false, true, true),
    FLIPPED(false, false, true),
    TRANSPOSED(true, false, false),
    TURNED_RIGHT(true, false, true),
    TRANSVERSED(true, true, true),
    TURNED_LEFT(true, true, false);

    private static final Logger LOG = LoggerFactory.getLogger(Orientation.class);

    private final boolean swapped;
    private final boolean fromRight;
    private final boolean fromBottom;

    Orientation(boolean swapped, boolean fromRight, boolean fromBottom) {
        this.swapped = swapped;
        this.fromRight = fromRight;
        this.fromBottom = fromBottom;
    }

    /** The orientation in an EXIF block (a TIFF header and what follows); upright if it says none or is damaged. */
    static Orientation ofExif(byte[] tiff) {
        try {
            Metadata metadata = new Metadata();
            new ExifReader().extract(new ByteArrayReader(tiff), metadata);
            ExifIFD0Directory directory = metadata.getFirstDirectoryOfType(ExifIFD0Directory.class);
            Integer number = directory == null ? null : directory.getInteger(ExifIFD0Directory.TAG_ORIENTATION);
            return number == null || number < 1 || number > values().length ? UPRIGHT : values()[number - 1];
        } catch (RuntimeException e) {
            LOG.debug("EXIF data that cannot be read is ignored", e);
            return UPRIGHT;
        }
    }

    Picture apply(Picture stored) {
        if (this == UPRIGHT) {
            return stored;
        }
        int width = stored.width();
        int height = stored.height();
        PixelSize size = swapped ? stored.size().turned() : stored.size();
        byte[] from = stored.raw();
        byte[] to = new byte[from.length];
        int at = 0;
        for (int y = 0; y < size.height(); y++) {
            for (int x = 0; x < size.width(); x++) {
                int column = swapped ? y : x;
                int row = swapped ? x : y;
                int source =
                        3 * ((fromBottom ? height - 1 - row : row) * width + (fromRight ? width - 1 - column : column));
                to[at++] = from[source];
                to[at++] = from[source + 1];
                to[at++] = from[source + 2];
            }
        }
        return Picture.wrap(size, to);
    }
}
