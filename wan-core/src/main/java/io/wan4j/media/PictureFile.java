package io.wan4j.media;

import com.drew.imaging.jpeg.JpegProcessingException;
import com.drew.imaging.jpeg.JpegSegmentData;
import com.drew.imaging.jpeg.JpegSegmentReader;
import com.drew.imaging.jpeg.JpegSegmentType;
import com.drew.lang.SequentialByteArrayReader;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * A picture file whose outer structure has been walked, so that a decoder is not asked to believe it.
 *
 * @param decodable the file, without the parts that no pixel needs
 * @param exif its EXIF block from the TIFF header on; empty if there is none
 * @param mostPixels more than this cannot be coded in so few bytes
 */
record PictureFile(byte[] decodable, byte[] exif, long mostPixels) {
    private static final byte[] NONE = {};
    private static final String EXIF_PREAMBLE = "Exif\0\0";
    /** Zeros after a WebP: its decoder reads ahead and is very slow once it meets the end. */
    private static final int LOOK_AHEAD = 16;

    private static final int MAX_EXIF = 1 << 20;
    /** Deflate cannot compress better than this. */
    private static final long DEFLATE_RATIO = 1032;
    /** Huffman coding spends at least a bit on each 8x8 block. */
    private static final long JPEG_PIXELS_PER_BYTE = 8 * 64;

    private static final List<JpegSegmentType> JPEG_FRAMES =
            List.of(JpegSegmentType.SOF0, JpegSegmentType.SOF1, JpegSegmentType.SOF2);
    private static final List<JpegSegmentType> JPEG_SEGMENTS = List.of(
            JpegSegmentType.SOF0,
            JpegSegmentType.SOF1,
            JpegSegmentType.SOF2,
            JpegSegmentType.APP1,
            JpegSegmentType.APPE);

    private static final Set<String> PNG_PIXEL_CHUNKS = Set.of("IHDR", "PLTE", "tRNS", "IDAT", "IEND");

    static PictureFile check(PictureKind kind, byte[] file) throws IOException {
        return switch (kind) {
            case PNG -> png(file);
            case JPEG -> jpeg(file);
            case WEBP -> webp(file);
        };
    }

    /** Keeps only the chunks that make pixels, so that texts and profiles are never inflated. */
    private static PictureFile png(byte[] file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(file).position(8);
        ByteArrayOutputStream kept = new ByteArrayOutputStream(file.length);
        kept.write(file, 0, 8);
        byte[] exif = NONE;
        int bitsPerPixel = 0;
        long data = 0;
        String type = "";
        while (!type.equals("IEND")) {
            int start = in.position();
            int length = in.remaining() < 12 ? -1 : in.getInt(start);
            if (length < 0 || length > in.remaining() - 12) {
                throw new EOFException("it ends inside the chunk at byte " + start);
            }
            type = new String(file, start + 4, 4, StandardCharsets.ISO_8859_1);
            if (PNG_PIXEL_CHUNKS.contains(type)) {
                checkSum(file, start, length, in.getInt(start + 8 + length));
                kept.write(file, start, length + 12);
            } else if (type.equals("eXIf")) {
                exif = exif(file, start + 8, length);
            }
            if (type.equals("IHDR") && length >= 10) {
                bitsPerPixel = file[start + 16] * (file[start + 17] == 2 ? 3 : 1);
            } else if (type.equals("IDAT")) {
                data += length;
            }
            in.position(start + 12 + length);
        }
        if (bitsPerPixel < 1) {
            throw new IOException("it has no valid IHDR chunk");
        }
        return new PictureFile(kept.toByteArray(), exif, data * DEFLATE_RATIO * 8 / bitsPerPixel);
    }

    private static void checkSum(byte[] file, int start, int length, int expected) throws IOException {
        CRC32 sum = new CRC32();
        sum.update(file, start + 4, length + 4);
        if ((int) sum.getValue() != expected) {
            throw new IOException("the checksum of the chunk at byte " + start + " is wrong");
        }
    }

    private static PictureFile jpeg(byte[] file) throws IOException {
        JpegSegmentData segments;
        try {
            segments = JpegSegmentReader.readSegments(new SequentialByteArrayReader(file), JPEG_SEGMENTS);
        } catch (JpegProcessingException e) {
            throw new IOException(e.getMessage(), e);
        }
        checkChannels(segments);
        byte[] exif = NONE;
        for (byte[] segment : segments.getSegments(JpegSegmentType.APP1)) {
            if (exif.length == 0 && PictureKind.starts(segment, 0, EXIF_PREAMBLE)) {
                exif = exif(segment, 0, segment.length);
            }
        }
        return new PictureFile(file, exif, file.length * JPEG_PIXELS_PER_BYTE);
    }

    /** Without Adobe's marker four channels may be CMYK, inverted CMYK or RGB with alpha: decoders guess differently. */
    private static void checkChannels(JpegSegmentData segments) throws UnclearChannels {
        boolean four = false;
        for (JpegSegmentType frame : JPEG_FRAMES) {
            for (byte[] segment : segments.getSegments(frame)) {
                four |= segment.length > 5 && segment[5] == 4;
            }
        }
        boolean adobe = false;
        for (byte[] segment : segments.getSegments(JpegSegmentType.APPE)) {
            adobe |= PictureKind.starts(segment, 0, "Adobe");
        }
        if (four && !adobe) {
            throw new UnclearChannels();
        }
    }

    /** A JPEG of four channels that does not say what they are. */
    static final class UnclearChannels extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private static PictureFile webp(byte[] file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long end = (in.getInt(4) & 0xffffffffL) + 8;
        if (end > file.length) {
            throw new EOFException("it says to be " + end + " bytes and has " + file.length);
        }
        byte[] exif = NONE;
        long at = 12;
        while (at + 8 <= end) {
            long length = in.getInt((int) at + 4) & 0xffffffffL;
            if (length > end - at - 8) {
                throw new EOFException("it ends inside the chunk at byte " + at);
            }
            if (PictureKind.starts(file, (int) at, "EXIF")) {
                exif = exif(file, (int) at + 8, (int) length);
            }
            at += 8 + length + (length & 1);
        }
        return new PictureFile(Arrays.copyOf(file, file.length + LOOK_AHEAD), exif, Long.MAX_VALUE);
    }

    private static byte[] exif(byte[] file, int from, int length) {
        int skip = PictureKind.starts(file, from, EXIF_PREAMBLE) ? EXIF_PREAMBLE.length() : 0;
        return length > MAX_EXIF || length <= skip ? NONE : Arrays.copyOfRange(file, from + skip, from + length);
    }
}
