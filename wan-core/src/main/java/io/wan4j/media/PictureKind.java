package io.wan4j.media;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** The kinds of picture file that are read, told by their first bytes. */
enum PictureKind {
    PNG,
    JPEG,
    WEBP;

    private static final int SAMPLE = 512;

    static Optional<PictureKind> of(byte[] file) {
        if (starts(file, 0, "\u0089PNG\r\n\u001a\n")) {
            return Optional.of(PNG);
        }
        if (starts(file, 0, "\u00ff\u00d8\u00ff")) {
            return Optional.of(JPEG);
        }
        return starts(file, 0, "RIFF") && starts(file, 8, "WEBP") ? Optional.of(WEBP) : Optional.empty();
    }

    /** What a file of none of these kinds seems to be, for an error message. */
    static String describe(byte[] file) {
        if (file.length == 0) {
            return "an empty file";
        }
        if (starts(file, 0, "GIF8")) {
            return "a GIF";
        }
        if (starts(file, 0, "BM")) {
            return "a BMP";
        }
        if (starts(file, 0, "II*\0") || starts(file, 0, "MM\0*")) {
            return "a TIFF";
        }
        if (starts(file, 4, "ftyp")) {
            return starts(file, 8, "avif") ? "an AVIF" : "a HEIC picture or a video";
        }
        byte[] head = Arrays.copyOf(file, Math.min(file.length, SAMPLE));
        for (byte b : head) {
            if (b >= 0 && b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f') {
                return "an unknown binary file";
            }
        }
        return "a text file";
    }

    static boolean starts(byte[] file, int at, String magic) {
        byte[] expected = magic.getBytes(StandardCharsets.ISO_8859_1);
        return file.length >= at + expected.length
                && Arrays.equals(file, at, at + expected.length, expected, 0, expected.length);
    }
}
