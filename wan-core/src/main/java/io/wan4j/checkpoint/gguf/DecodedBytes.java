package io.wan4j.checkpoint.gguf;

import io.wan4j.checkpoint.TensorBytes;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.stream.IntStream;

/** Blocks of codes as F16 values (rounded to nearest even), decoded window by window when read, on all cores. */
record DecodedBytes(GgufType type, TensorBytes source) implements TensorBytes {
    private static final int WIDTH = Format.F16.bytes();
    /** Blocks that one thread decodes at a time. */
    private static final int PIECE = 512;

    @Override
    public long length() {
        return source.length() / type.blockBytes() * type.blockElements() * WIDTH;
    }

    @Override
    public ByteBuffer map(long from, long length) {
        if (from < 0 || length < 0 || length > Integer.MAX_VALUE || from > length() - length) {
            throw new IllegalArgumentException(
                    "expected a window of " + length() + " bytes below 2 GiB, got " + length + " at " + from);
        }
        ByteBuffer out = ByteBuffer.allocateDirect((int) length).order(ByteOrder.LITTLE_ENDIAN);
        int blockLength = type.blockElements() * WIDTH;
        long firstBlock = from / blockLength;
        long endBlock = (from + length + blockLength - 1) / blockLength;
        ByteBuffer blocks = source.map(firstBlock * type.blockBytes(), (endBlock - firstBlock) * type.blockBytes());
        int pieces = Math.toIntExact((endBlock - firstBlock + PIECE - 1) / PIECE);
        IntStream.range(0, pieces).parallel().forEach(piece -> {
            float[] values = new float[type.blockElements()];
            ByteBuffer encoded = ByteBuffer.allocate(blockLength).order(ByteOrder.LITTLE_ENDIAN);
            long last = Math.min(endBlock, firstBlock + (piece + 1L) * PIECE);
            for (long block = firstBlock + (long) piece * PIECE; block < last; block++) {
                BlockDecoder.decode(type, blocks, (int) (block - firstBlock) * type.blockBytes(), values, 0);
                FloatCodec.encode(Format.F16, values, 0, values.length, encoded, 0);
                long begin = block * blockLength;
                int first = (int) Math.max(0, from - begin);
                int end = (int) Math.min(blockLength, from + length - begin);
                out.put(Math.toIntExact(begin + first - from), encoded, first, end - first);
            }
        });
        return out;
    }

    @Override
    public Path path() {
        return source.path();
    }
}
