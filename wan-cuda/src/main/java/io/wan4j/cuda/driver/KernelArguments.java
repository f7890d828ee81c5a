package io.wan4j.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The parameters of a kernel, laid out as the device reads them: in order, each aligned to its own size. The types must
 * be those of the kernel's declaration.
 */
public final class KernelArguments {
    /** The largest parameter space that every architecture in use has. */
    private static final int CAPACITY = 4096;

    private ByteBuffer buffer = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);

    /** Appends a device address. */
    public KernelArguments pointer(long address) {
        return int64(address);
    }

    /** Appends a 64-bit integer. */
    public KernelArguments int64(long value) {
        at(Long.BYTES, Long.BYTES).putLong(value);
        return this;
    }

    /** Appends a 32-bit integer. */
    public KernelArguments int32(int value) {
        at(Integer.BYTES, Integer.BYTES).putInt(value);
        return this;
    }

    /** Appends a 32-bit integer given as a long. */
    public KernelArguments int32(long value) {
        return int32(Math.toIntExact(value));
    }

    /** Appends a 32-bit float. */
    public KernelArguments float32(float value) {
        at(Float.BYTES, Float.BYTES).putFloat(value);
        return this;
    }

    /** Appends a structure (a tensor map) with its alignment in bytes. */
    public KernelArguments bytes(byte[] structure, int alignment) {
        at(alignment, structure.length).put(structure);
        return this;
    }

    /** The bytes so far. */
    public byte[] toBytes() {
        byte[] bytes = new byte[buffer.position()];
        buffer.get(0, bytes);
        return bytes;
    }

    private ByteBuffer at(int alignment, int size) {
        int start = (buffer.position() + alignment - 1) / alignment * alignment;
        if (start + size > CAPACITY) {
            throw new IllegalArgumentException("kernel arguments: expected at most " + CAPACITY + " bytes");
        }
        if (start + size > buffer.capacity()) {
            ByteBuffer larger = ByteBuffer.allocate(CAPACITY).order(ByteOrder.LITTLE_ENDIAN);
            larger.put(buffer.flip());
            buffer = larger;
        }
        buffer.position(start);
        return buffer;
    }
}
