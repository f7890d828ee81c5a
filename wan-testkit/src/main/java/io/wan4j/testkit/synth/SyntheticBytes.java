package io.wan4j.testkit.synth;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * Bytes of tensors, piece by piece; the same name, shape and seed give the same bytes. Small tensors are those of
 * {@link RandomWeights}. Large ones are made at the speed of memory: codes are uniform bits, floats have a random sign
 * and mantissa under one exponent, so that their root mean square is within a factor of 1.5 of what the layer wants.
 */
final class SyntheticBytes {
    /** Bytes of a piece, a multiple of every element size. */
    static final int PIECE = 8 << 20;

    private static final long SMALL = 1 << 20;
    private static final double RMS_OF_ONE_TO_TWO = Math.sqrt(7.0 / 3);
    private static final double RMS_OF_BYTES = Math.sqrt((256.0 * 256 - 1) / 12);
    /** E4M3 codes without the highest exponent bit: below 2, and no NaN. */
    private static final long E4M3_MASK = 0xBFBF_BFBF_BFBF_BFBFL;

    private static final double RMS_OF_E4M3 = rmsOfE4m3();

    private final RandomWeights weights;
    private final long seed;

    SyntheticBytes(long seed) {
        this.seed = seed;
        this.weights = new RandomWeights(seed);
    }

    /** Number of pieces of a tensor. */
    static long pieces(SyntheticTensor tensor) {
        return (tensor.spec().byteLength() + PIECE - 1) / PIECE;
    }

    /** Piece {@code index} of a tensor: little-endian, from position 0 to the limit. */
    ByteBuffer piece(SyntheticTensor tensor, long index) {
        long from = index * PIECE;
        int length = (int) Math.min(PIECE, tensor.spec().byteLength() - from);
        int width = tensor.spec().format().bytes();
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        if (tensor.isScale()) {
            scales(bytes, tensor, from / width);
        } else if (tensor.isCodes()) {
            fill(bytes, tensor, index, tensor.weight() == Format.F8_E4M3 ? E4M3_MASK : -1L, 0);
        } else if (isSmall(tensor)) {
            float[] values = weights.values(tensor.spec().name(), tensor.layer(), from / width, length / width);
            FloatCodec.encode(tensor.spec().format(), values, 0, values.length, bytes, 0);
        } else {
            floats(bytes, tensor, index);
        }
        return bytes;
    }

    private static boolean isSmall(SyntheticTensor tensor) {
        return tensor.layer().rank() < 2 || tensor.layer().count() <= SMALL;
    }

    /** Scales a little apart from row to row, so that codes times scale have about the deviation that the layer wants. */
    private static void scales(ByteBuffer bytes, SyntheticTensor tensor, long from) {
        double rms = tensor.weight() == Format.F8_E4M3 ? RMS_OF_E4M3 : RMS_OF_BYTES;
        double wanted = 1 / Math.sqrt((double) tensor.fanIn()) / rms;
        for (int i = 0; i < bytes.limit() / Float.BYTES; i++) {
            double variation = 0.9 + 0.2 * ((from + i) % 17) / 16;
            bytes.putFloat(Float.BYTES * i, (float) (wanted * variation));
        }
    }

    private void floats(ByteBuffer bytes, SyntheticTensor tensor, long index) {
        String name = tensor.spec().name();
        double deviation = RandomWeights.deviation(name, tensor.layer());
        int exponent = (int) Math.round(Math.log(deviation / RMS_OF_ONE_TO_TWO) / Math.log(2)) + 127;
        switch (tensor.spec().format()) {
            case BF16 ->
                fill(
                        bytes,
                        tensor,
                        index,
                        0x807F_807F_807F_807FL,
                        (long) exponent << 7 | (long) exponent << 23 | (long) exponent << 39 | (long) exponent << 55);
            case F32 ->
                fill(bytes, tensor, index, 0x807F_FFFF_807F_FFFFL, (long) exponent << 23 | (long) exponent << 55);
            default ->
                throw new IllegalArgumentException(
                        name + ": expected F32 or BF16, got " + tensor.spec().format());
        }
    }

    /** Random words of which the bits of a mask are used, with fixed bits beside them. */
    private void fill(ByteBuffer bytes, SyntheticTensor tensor, long index, long mask, long fixed) {
        SplittableRandom random =
                new SplittableRandom((seed * 31 + tensor.spec().name().hashCode()) * 0x9E37_79B9_7F4A_7C15L + index);
        int words = bytes.limit() / Long.BYTES;
        for (int i = 0; i < words; i++) {
            bytes.putLong(Long.BYTES * i, random.nextLong() & mask | fixed);
        }
        long rest = random.nextLong() & mask | fixed;
        for (int at = words * Long.BYTES; at < bytes.limit(); at++) {
            bytes.put(at, (byte) (rest >>> Byte.SIZE * (at % Long.BYTES)));
        }
    }

    private static double rmsOfE4m3() {
        double squares = 0;
        for (int code = 0; code < 64; code++) {
            double value = FloatCodec.e4m3ToFloat((byte) code);
            squares += value * value;
        }
        return Math.sqrt(squares / 64);
    }
}
