package io.wan4j.prompt;

import io.wan4j.error.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Checks a SentencePiece model (a protocol buffer) before the native library reads it: that it is a Unigram model whose
 * first pieces are the pad and end tokens, and that its normalisation rules are sound. Field numbers are those of
 * sentencepiece_model.proto.
 */
final class SentencePieceModel {
    private static final int PIECE = 1;
    private static final int TRAINER = 2;
    private static final int NORMALIZER = 3;
    private static final int DENORMALIZER = 5;
    private static final int MAX_PIECES = 1 << 20;
    private static final int UNIGRAM = 1;

    private final String where;
    private int pieces;

    private SentencePieceModel(String where) {
        this.where = where;
    }

    /** @throws CheckpointException if it is no umT5 tokenizer, or one that native code would not survive */
    static void check(byte[] model, String where) {
        SentencePieceModel check = new SentencePieceModel(where);
        check.fields(ByteBuffer.wrap(model), check::modelField);
        check.expect(check.pieces > Tokenizer.UNKNOWN, "more than two pieces", Integer.toString(check.pieces));
    }

    /** Sees one field: number, and its value (varint) or its bytes. */
    private interface FieldVisitor {
        void field(int number, long value, ByteBuffer bytes);
    }

    private void modelField(int number, long value, ByteBuffer bytes) {
        switch (number) {
            case PIECE -> {
                fields(bytes, this::pieceField);
                expect(++pieces <= MAX_PIECES, "at most " + MAX_PIECES + " pieces", "more");
            }
            case TRAINER -> fields(bytes, this::trainerField);
            case NORMALIZER, DENORMALIZER -> fields(bytes, this::normalizerField);
            default -> {}
        }
    }

    private void pieceField(int number, long value, ByteBuffer bytes) {
        if (number == 1) {
            String text = StandardCharsets.UTF_8.decode(bytes).toString();
            expect(!text.isEmpty(), "text for piece " + pieces, "none");
            expect(pieces != Tokenizer.PAD || text.equals("<pad>"), "<pad> as piece 0", text);
            expect(pieces != Tokenizer.EOS || text.equals("</s>"), "</s> as piece 1", text);
        } else if (number == 2) {
            expect(Float.isFinite(Float.intBitsToFloat((int) value)), "a score for piece " + pieces, "none");
        }
    }

    private void trainerField(int number, long value, ByteBuffer bytes) {
        expect(number != 3 || value == UNIGRAM, "a Unigram model", "kind " + value);
    }

    private void normalizerField(int number, long value, ByteBuffer bytes) {
        if (number == 2 && bytes.hasRemaining()) {
            byte[] rules = new byte[bytes.remaining()];
            bytes.get(rules);
            Charsmap.check(rules, where);
        }
    }

    private void fields(ByteBuffer message, FieldVisitor visitor) {
        ByteBuffer empty = ByteBuffer.allocate(0);
        message.order(ByteOrder.LITTLE_ENDIAN);
        while (message.hasRemaining()) {
            long key = varint(message);
            int number = (int) (key >>> 3);
            switch ((int) (key & 7)) {
                case 0 -> visitor.field(number, varint(message), empty);
                case 1 -> visitor.field(number, need(message, 8).getLong(), empty);
                case 2 -> visitor.field(number, 0, bytes(message));
                case 5 -> visitor.field(number, need(message, 4).getInt(), empty);
                default -> throw damaged("an unknown field type");
            }
        }
    }

    private ByteBuffer bytes(ByteBuffer message) {
        long length = varint(message);
        ByteBuffer part = need(message, length).slice(message.position(), (int) length);
        message.position(message.position() + (int) length);
        return part;
    }

    private long varint(ByteBuffer message) {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte next = need(message, 1).get();
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw damaged("a number without end");
    }

    private ByteBuffer need(ByteBuffer message, long count) {
        if (count < 0 || count > message.remaining()) {
            throw damaged("a field of " + count + " bytes where " + message.remaining() + " are left");
        }
        return message;
    }

    private void expect(boolean holds, String expected, String got) {
        if (!holds) {
            throw new CheckpointException(where + ": expected a umT5 tokenizer with " + expected + ", got " + got
                    + "; use spiece.model of google/umt5-xxl");
        }
    }

    private CheckpointException damaged(String got) {
        return new CheckpointException(
                where + ": expected a SentencePiece model, got " + got + "; download the file again");
    }
}
