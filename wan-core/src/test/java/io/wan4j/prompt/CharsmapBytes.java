package io.wan4j.prompt;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Normalisation rules by hand: the double array that turns a full-width A (EF BC A1 in UTF-8) into "A". */
final class CharsmapBytes {
    private static final int BLOCK = 256;
    static final int UNITS = 5 * BLOCK;
    private static final int LEAF_FLAG = 1 << 8;

    private CharsmapBytes() {}

    /** The units: the root's children in block 1, theirs in 2 and 3, the leaf at the start of block 4. */
    static int[] units() {
        int[] units = new int[UNITS];
        units[0] = BLOCK << 10;
        int[] labels = {0xef, 0xbc, 0xa1};
        for (int depth = 0; depth < labels.length; depth++) {
            int at = (depth + 1) * BLOCK ^ labels[depth];
            int offset = at ^ (depth + 2) * BLOCK;
            units[at] = offset << 10 | labels[depth] | (depth == labels.length - 1 ? LEAF_FLAG : 0);
        }
        units[4 * BLOCK] = Integer.MIN_VALUE;
        return units;
    }

    static byte[] of(int[] units, String texts) {
        byte[] bytes = texts.getBytes(StandardCharsets.UTF_8);
        ByteBuffer buffer =
                ByteBuffer.allocate(4 + 4 * units.length + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(4 * units.length);
        for (int unit : units) {
            buffer.putInt(unit);
        }
        return buffer.put(bytes).array();
    }

    static byte[] valid() {
        return of(units(), "A\0");
    }
}
