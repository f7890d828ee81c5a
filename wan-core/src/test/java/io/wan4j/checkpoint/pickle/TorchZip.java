package io.wan4j.checkpoint.pickle;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.tensor.Format;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Builds zip files as torch.save does, and pickles opcode by opcode, sound or not. */
public final class TorchZip {
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

    /** A state dict of these tensors, as torch.save writes it. */
    public static byte[] stateDict(Collection<CheckpointTensor> tensors) {
        TorchZip zip = new TorchZip();
        StringBuilder ops = new StringBuilder("\u0080\u0002}");
        int key = 0;
        for (CheckpointTensor tensor : tensors) {
            byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
            tensor.read(0, bytes.length).get(bytes);
            ops.append(text(tensor.name())).append(rebuild(tensor, Integer.toString(key)));
            zip.storage(Integer.toString(key++), bytes);
        }
        return zip.pickle(ops(ops.append('.').toString())).stored();
    }

    private static String rebuild(CheckpointTensor tensor, String key) {
        boolean untyped = tensor.format() == Format.F8_E4M3;
        String storage = switch (tensor.format()) {
            case F32 -> "ctorch\nFloatStorage\n";
            case F16 -> "ctorch\nHalfStorage\n";
            case BF16 -> "ctorch\nBFloat16Storage\n";
            case I8 -> "ctorch\nCharStorage\n";
            case F8_E4M3 -> "ctorch.storage\nUntypedStorage\n";
            default -> throw new IllegalArgumentException("no storage for " + tensor);
        };
        long[] shape = tensor.shape().toArray();
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= shape[axis];
        }
        return "ctorch._utils\n_rebuild_tensor_v" + (untyped ? 3 : 2) + "\n((" + text("storage") + storage + text(key)
                + text("cpu") + number(stride) + "tQ" + number(0) + tuple(shape) + tuple(strides) + "\u0089}"
                + (untyped ? "ctorch\nfloat8_e4m3fn\n" : "") + "tRs";
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
