package io.wan4j.checkpoint.pickle;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Builds zip files as torch.save does, and pickles opcode by opcode, sound or not. */
final class TorchZip {
    private final Map<String, byte[]> entries = new LinkedHashMap<>();

    TorchZip pickle(byte[] pickle) {
        return entry("m/data.pkl", pickle);
    }

    TorchZip storage(String key, byte[] bytes) {
        return entry("m/data/" + key, bytes);
    }

    TorchZip entry(String name, byte[] bytes) {
        entries.put(name, bytes);
        return this;
    }

    byte[] stored() {
        return zip(ZipEntry.STORED);
    }

    byte[] deflated() {
        return zip(ZipEntry.DEFLATED);
    }

    private byte[] zip(int method) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> e : entries.entrySet()) {
                ZipEntry entry = new ZipEntry(e.getKey());
                entry.setMethod(method);
                CRC32 crc = new CRC32();
                crc.update(e.getValue());
                entry.setCrc(crc.getValue());
                entry.setSize(e.getValue().length);
                zip.putNextEntry(entry);
                zip.write(e.getValue());
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** A pickle of one tensor {@code x}: F32 in storage 0 of {@code count} elements. */
    static byte[] oneTensor(long count, long offset, String shape, String strides) {
        return ops(
                "\u0080\u0002}(",
                text("x"),
                "ctorch._utils\n_rebuild_tensor_v2\n((",
                text("storage"),
                "ctorch\nFloatStorage\n",
                text("0"),
                text("cpu"),
                number(count),
                "tQ",
                number(offset),
                shape,
                strides,
                "\u0089}tRu.");
    }

    static String tuple(long... numbers) {
        StringBuilder ops = new StringBuilder("(");
        for (long number : numbers) {
            ops.append(number(number));
        }
        return ops.append('t').toString();
    }

    static String number(long value) {
        StringBuilder ops = new StringBuilder("\u008a\u0008");
        for (int i = 0; i < 8; i++) {
            ops.append((char) (value >>> 8 * i & 0xFF));
        }
        return ops.toString();
    }

    static String text(String value) {
        return "\u008c" + (char) value.length() + value;
    }

    static byte[] ops(String... parts) {
        return String.join("", parts).getBytes(StandardCharsets.ISO_8859_1);
    }
}
