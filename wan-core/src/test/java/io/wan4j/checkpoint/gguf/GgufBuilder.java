package io.wan4j.checkpoint.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Builds GGUF files for tests, sound or not. */
public final class GgufBuilder {
    private final List<byte[]> pairs = new ArrayList<>();
    private final List<byte[]> infos = new ArrayList<>();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();

    /** A key with a string. */
    public GgufBuilder text(String key, String value) {
        return pair(key, 8, string(value));
    }

    /** A key with a value of this type, as raw bytes. */
    public GgufBuilder pair(String key, int type, byte[] value) {
        pairs.add(join(string(key), int32(type), value));
        return this;
    }

    /** The original shape of a tensor, outermost extent first. */
    public GgufBuilder originalShape(String name, long... shape) {
        byte[] values = new byte[0];
        for (long extent : shape) {
            values = join(values, int32((int) extent));
        }
        return pair("comfy.gguf.orig_shape." + name, 9, join(int32(5), int64(shape.length), values));
    }

    /** A tensor with its data, aligned to 32 bytes; extents innermost first. */
    public GgufBuilder tensor(String name, int type, byte[] bytes, long... extents) {
        info(name, type, data.size(), extents);
        data.writeBytes(bytes);
        data.writeBytes(new byte[(32 - data.size() % 32) % 32]);
        return this;
    }

    /** A description alone. */
    public GgufBuilder info(String name, int type, long offset, long... extents) {
        byte[] dims = new byte[0];
        for (long extent : extents) {
            dims = join(dims, int64(extent));
        }
        infos.add(join(string(name), int32(extents.length), dims, int32(type), int64(offset)));
        return this;
    }

    /** The file. */
    public byte[] build() {
        byte[] head =
                join("GGUF".getBytes(StandardCharsets.US_ASCII), int32(3), int64(infos.size()), int64(pairs.size()));
        for (byte[] pair : pairs) {
            head = join(head, pair);
        }
        for (byte[] info : infos) {
            head = join(head, info);
        }
        return join(head, new byte[(32 - head.length % 32) % 32], data.toByteArray());
    }

    static byte[] string(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        return join(int64(bytes.length), bytes);
    }

    static byte[] int32(int value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array();
    }

    static byte[] int64(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
