package io.wan4j.testkit.ptx;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Little-endian access to byte arrays. */
final class Bytes {
    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long ALL_WRITTEN = 0x0101010101010101L;

    private Bytes() {}

    static int getShort(byte[] data, int at) {
        return (short) SHORTS.get(data, at) & 0xffff;
    }

    static int getInt(byte[] data, int at) {
        return (int) INTS.get(data, at);
    }

    static long getLong(byte[] data, int at) {
        return (long) LONGS.get(data, at);
    }

    static void putShort(byte[] data, int at, int value) {
        SHORTS.set(data, at, (short) value);
    }

    static void putInt(byte[] data, int at, int value) {
        INTS.set(data, at, value);
    }

    static void putLong(byte[] data, int at, long value) {
        LONGS.set(data, at, value);
    }

    static long get(byte[] data, int at, int bytes) {
        return switch (bytes) {
            case 1 -> data[at] & 0xff;
            case 2 -> getShort(data, at);
            case 4 -> getInt(data, at) & 0xffffffffL;
            default -> getLong(data, at);
        };
    }

    static void put(byte[] data, int at, int bytes, long value) {
        switch (bytes) {
            case 1 -> data[at] = (byte) value;
            case 2 -> putShort(data, at, (int) value);
            case 4 -> putInt(data, at, (int) value);
            default -> putLong(data, at, value);
        }
    }

    /** Whether all marks of a range are set, where each byte has a mark of one byte. */
    static boolean allMarked(byte[] marks, int at, int bytes) {
        int i = at;
        int end = at + bytes;
        for (; i + 8 <= end; i += 8) {
            if (getLong(marks, i) != ALL_WRITTEN) {
                return false;
            }
        }
        if (i + 4 <= end) {
            if (getInt(marks, i) != (int) ALL_WRITTEN) {
                return false;
            }
            i += 4;
        }
        for (; i < end; i++) {
            if (marks[i] == 0) {
                return false;
            }
        }
        return true;
    }

    static void mark(byte[] marks, int at, int bytes) {
        int i = at;
        int end = at + bytes;
        for (; i + 8 <= end; i += 8) {
            putLong(marks, i, ALL_WRITTEN);
        }
        if (i + 4 <= end) {
            putInt(marks, i, (int) ALL_WRITTEN);
            i += 4;
        }
        for (; i < end; i++) {
            marks[i] = 1;
        }
    }
}
