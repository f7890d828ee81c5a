package io.wan4j.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Fingerprints of large files: SHA-256 of their sizes and of pieces of their content, evenly spread. */
public final class FileDigest {
    private static final int SAMPLES = 64;
    private static final int SAMPLE_BYTES = 4096;

    private FileDigest() {}

    /** The fingerprint of files in this order, in hexadecimal; their names and dates do not count. */
    public static String of(List<Path> files) {
        MessageDigest digest = sha256();
        files.forEach(file -> sample(file, digest));
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void sample(Path file, MessageDigest digest) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            digest.update(ByteBuffer.allocate(Long.BYTES).putLong(size).flip());
            long stride = Math.max(SAMPLE_BYTES, size / SAMPLES);
            ByteBuffer piece = ByteBuffer.allocate(SAMPLE_BYTES);
            for (long at = 0; at < size; at += stride) {
                channel.read(piece.clear(), at);
                digest.update(piece.flip());
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(file + ": cannot be read", failure);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java runtime has SHA-256", impossible);
        }
    }
}
