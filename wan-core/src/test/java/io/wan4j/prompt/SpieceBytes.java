package io.wan4j.prompt;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes a small SentencePiece model as a protocol buffer. */
public final class SpieceBytes {
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int BYTE = 6;

    private SpieceBytes() {}

    /** The tokenizer's pieces, with {@code identity} normalisation. */
    public static byte[] of(TinyTokenizer tokenizer) {
        return of(tokenizer, new byte[0]);
    }

    /** The tokenizer's pieces, with compiled normalisation rules. */
    static byte[] of(TinyTokenizer tokenizer, byte[] rules) {
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        float rank = 0;
        for (String piece : tokenizer.pieces()) {
            int type = switch (piece) {
                case "<pad>", "</s>" -> CONTROL;
                case "<unk>" -> UNKNOWN;
                default -> piece.startsWith("<0x") ? BYTE : NORMAL;
            };
            float score = piece.equals("\u2581") ? -10 : -2 - 0.001f * rank++;
            field(model, 1, piece(piece, type == NORMAL ? score : 0, type));
        }
        ByteArrayOutputStream trainer = new ByteArrayOutputStream();
        number(trainer, 3, 1);
        number(trainer, 35, 1);
        number(trainer, 40, Tokenizer.UNKNOWN);
        number(trainer, 41, -1);
        number(trainer, 42, Tokenizer.EOS);
        number(trainer, 43, Tokenizer.PAD);
        field(model, 2, trainer.toByteArray());
        ByteArrayOutputStream normalizer = new ByteArrayOutputStream();
        field(normalizer, 1, "identity".getBytes(StandardCharsets.UTF_8));
        field(normalizer, 2, rules);
        field(model, 3, normalizer.toByteArray());
        return model.toByteArray();
    }

    private static byte[] piece(String text, float score, int type) {
        ByteArrayOutputStream piece = new ByteArrayOutputStream();
        field(piece, 1, text.getBytes(StandardCharsets.UTF_8));
        piece.write(2 << 3 | 5);
        piece.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(score)
                .array());
        number(piece, 3, type);
        return piece.toByteArray();
    }

    static void field(ByteArrayOutputStream out, int number, byte[] bytes) {
        varint(out, (long) number << 3 | 2);
        varint(out, bytes.length);
        out.writeBytes(bytes);
    }

    static void number(ByteArrayOutputStream out, int number, long value) {
        varint(out, (long) number << 3);
        varint(out, value);
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
