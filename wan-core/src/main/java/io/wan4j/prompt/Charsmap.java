package io.wan4j.prompt;

import io.wan4j.error.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.BitSet;

/**
 * The compiled normalisation rules of a SentencePiece tokenizer: 32-bit length, a Darts double array, texts that end in
 * a zero byte. Native code walks the array by the bytes of a prompt without looking at bounds, or ends the process when
 * it meets one; so every walk that any text could cause is checked here.
 */
final class Charsmap {
    private static final int MAX_BYTES = 4 << 20;
    private static final int FAN = 256;

    private final String where;
    private final int[] units;
    private final byte[] texts;

    private Charsmap(String where, int[] units, byte[] texts) {
        this.where = where;
        this.units = units;
        this.texts = texts;
    }

    /** @throws CheckpointException if any text could lead native code out of the rules */
    static void check(byte[] rules, String where) {
        ByteBuffer buffer = ByteBuffer.wrap(rules).order(ByteOrder.LITTLE_ENDIAN);
        long trieBytes = rules.length < Integer.BYTES ? 0 : Integer.toUnsignedLong(buffer.getInt());
        // Native code wants whole blocks of the array, and texts behind it.
        if (rules.length > MAX_BYTES
                || trieBytes == 0
                || trieBytes % (FAN * Integer.BYTES) != 0
                || trieBytes >= rules.length - Integer.BYTES) {
            throw damaged(where, "a table of " + trieBytes + " in " + rules.length + " bytes");
        }
        int[] units = new int[(int) trieBytes / Integer.BYTES];
        buffer.asIntBuffer().get(units);
        byte[] texts = new byte[rules.length - Integer.BYTES - (int) trieBytes];
        buffer.position(Integer.BYTES + (int) trieBytes).get(texts);
        new Charsmap(where, units, texts).checkAll();
    }

    private void checkAll() {
        checkTexts();
        BitSet seen = new BitSet(units.length);
        ArrayDeque<Integer> open = new ArrayDeque<>();
        visit(offset(units[0]), seen, open);
        while (!open.isEmpty()) {
            int base = open.remove();
            for (int label = 0; label < FAN; label++) {
                int unit = units[base ^ label];
                if (label(unit) == label) {
                    int next = base ^ label ^ offset(unit);
                    visit(next, seen, open);
                    if (hasLeaf(unit)) {
                        checkLeaf(units[next] & Integer.MAX_VALUE);
                    }
                }
            }
        }
    }

    /** All children of a base lie in its block of 256. */
    private void visit(int base, BitSet seen, ArrayDeque<Integer> open) {
        if ((base | (FAN - 1)) >= units.length) {
            throw damaged(where, "a rule that points to " + base + " of " + units.length);
        }
        if (!seen.get(base)) {
            seen.set(base);
            open.add(base);
        }
    }

    private void checkLeaf(int start) {
        if (start >= texts.length || (texts[start] & 0xc0) == 0x80) {
            throw damaged(where, "a rule whose text starts at " + start + " of " + texts.length);
        }
    }

    private void checkTexts() {
        try {
            CharBuffer unused = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(texts));
        } catch (CharacterCodingException e) {
            throw damaged(where, "texts that are no UTF-8");
        }
        if (texts[texts.length - 1] != 0) {
            throw damaged(where, "a text without end");
        }
    }

    private static int offset(int unit) {
        return (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
    }

    private static int label(int unit) {
        return unit & (Integer.MIN_VALUE | 0xff);
    }

    private static boolean hasLeaf(int unit) {
        return (unit >>> 8 & 1) == 1;
    }

    private static CheckpointException damaged(String where, String got) {
        return new CheckpointException(
                where + ": expected normalisation rules of SentencePiece, got " + got + "; download the file again");
    }
}
