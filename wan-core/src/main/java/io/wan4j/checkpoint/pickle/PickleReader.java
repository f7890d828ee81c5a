package io.wan4j.checkpoint.pickle;

import io.wan4j.error.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads the arguments of pickle opcodes; keeps the position for messages. */
final class PickleReader {
    private final String where;
    private final ByteBuffer bytes;
    private int opcodeAt;

    PickleReader(String where, byte[] bytes) {
        this.where = where;
        this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    int opcode() {
        opcodeAt = bytes.position();
        return u8();
    }

    int u8() {
        need(1);
        return bytes.get() & 0xFF;
    }

    int u16() {
        need(2);
        return bytes.getShort() & 0xFFFF;
    }

    int i32() {
        need(4);
        return bytes.getInt();
    }

    double bigEndianDouble() {
        need(8);
        return Double.longBitsToDouble(Long.reverseBytes(bytes.getLong()));
    }

    void skip(long count) {
        need(count);
        bytes.position(bytes.position() + (int) count);
    }

    /** A two's complement integer of {@code length} bytes, at most 8. */
    long integer(int length) {
        if (length > 8) {
            throw failure("an integer of at most 8 bytes, got " + length);
        }
        need(length);
        long value = 0;
        for (int i = 0; i < length; i++) {
            value |= (bytes.get() & 0xFFL) << 8 * i;
        }
        int unused = 64 - 8 * length;
        return length == 0 ? 0 : value << unused >> unused;
    }

    String text(long length) {
        need(length);
        ByteBuffer part = bytes.slice(bytes.position(), (int) length);
        bytes.position(bytes.position() + (int) length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(part).toString();
        } catch (CharacterCodingException e) {
            throw new CheckpointException(where + ", byte " + opcodeAt + ": expected text in UTF-8", e);
        }
    }

    String line() {
        int start = bytes.position();
        while (u8() != '\n') {
            if (bytes.position() - start > 1000) {
                throw failure("a line of at most 1000 bytes");
            }
        }
        int length = bytes.position() - 1 - start;
        bytes.position(start);
        String line = text(length);
        skip(1);
        return line;
    }

    CheckpointException failure(String expected) {
        return new CheckpointException(where + ", byte " + opcodeAt + ": expected " + expected);
    }

    private void need(long count) {
        if (count < 0 || count > bytes.remaining()) {
            throw failure(count + " more bytes, got " + bytes.remaining() + "; is the file damaged?");
        }
    }
}
