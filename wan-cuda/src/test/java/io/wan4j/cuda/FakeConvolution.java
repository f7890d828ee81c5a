package io.wan4j.cuda;

import io.wan4j.cuda.FakeCudnn.Descriptor;
import io.wan4j.tensor.FloatCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Computes a convolution and the sum after it as {@link FakeCudnn} is asked to, in double precision. */
final class FakeConvolution {
    private static final int F32 = 0;
    private static final int BF16 = 9;

    private final FakeCudnn library;
    private final SimulatedCudaDriver driver;

    FakeConvolution(FakeCudnn library, SimulatedCudaDriver driver) {
        this.library = library;
        this.driver = driver;
    }

    /** Content of a tensor, from its first element on. */
    private record Content(long address, int type, long[] extents, long[] strides, ByteBuffer bytes) {
        long at(long... place) {
            long at = 0;
            for (int i = 0; i < place.length; i++) {
                if (place[i] < 0 || place[i] >= extents[i]) {
                    throw new AssertionError(Arrays.toString(place) + " is outside of " + Arrays.toString(extents));
                }
                at += place[i] * strides[i];
            }
            return at;
        }

        double get(long... place) {
            int at = Math.toIntExact(at(place));
            return type == F32 ? bytes.getFloat(4 * at) : FloatCodec.bf16ToFloat(bytes.getShort(2 * at));
        }
    }

    private Content content(Descriptor tensor, Descriptor pack) {
        long[] extents = tensor.numbers(902);
        long[] strides = tensor.numbers(903);
        int type = tensor.word(901);
        if (type != F32 && type != BF16 || extents.length != 5 || tensor.has(907)) {
            throw new AssertionError("expected a real tensor of 5 dimensions in F32 or BF16");
        }
        long last = 0;
        for (int i = 0; i < 5; i++) {
            last += (extents[i] - 1) * strides[i];
        }
        int size = type == F32 ? 4 : 2;
        long address = FakeCudnn.pointer(tensor, pack);
        byte[] bytes = driver.peek(address, Math.toIntExact((last + 1) * size));
        return new Content(
                address, type, extents, strides, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    }

    void execute(Descriptor convolution, Descriptor sum, Descriptor pack) {
        Descriptor between = library.tensor(convolution, 705);
        Descriptor mode = library.linked(sum, 750);
        if (library.tensor(sum, 751) != between
                || !between.has(907)
                || mode.word(0) != 0
                || convolution.factor(700) != 1
                || convolution.factor(701) != 0) {
            throw new AssertionError("expected the bare convolution, and a sum that takes its result");
        }
        Content x = content(library.tensor(convolution, 704), pack);
        Content w = content(library.tensor(convolution, 703), pack);
        Content bias = content(library.tensor(sum, 752), pack);
        Descriptor result = library.tensor(sum, 753);
        Shape shape = new Shape(library.linked(convolution, 702), x, w, result.numbers(902));
        if (!Arrays.equals(between.numbers(902), result.numbers(902))) {
            throw new AssertionError("expected as many sums as products");
        }
        write(result, pack, shape, bias);
    }

    private void write(Descriptor result, Descriptor pack, Shape shape, Content bias) {
        long[] extents = result.numbers(902);
        boolean wide = result.word(901) == F32;
        if (result.numbers(903)[1] != 1) {
            throw new AssertionError("expected channels last");
        }
        long address = FakeCudnn.pointer(result, pack);
        for (int row = 0; row < extents[3]; row++) {
            for (int column = 0; column < extents[4]; column++) {
                ByteBuffer line =
                        ByteBuffer.allocate((int) extents[1] * (wide ? 4 : 2)).order(ByteOrder.LITTLE_ENDIAN);
                for (int o = 0; o < extents[1]; o++) {
                    float y = (float) (shape.sum(o, row, column) + bias.get(0, o, 0, 0, 0));
                    if (wide) {
                        line.putFloat(y);
                    } else {
                        line.putShort(FloatCodec.floatToBf16(y));
                    }
                }
                long at = row * result.numbers(903)[3] + column * result.numbers(903)[4];
                driver.poke(address + at * (wide ? 4 : 2), line.array());
            }
        }
    }

    /** The convolution's extents, checked against each other. */
    private static final class Shape {
        private final Content x;
        private final Content w;
        private final long[] strides;
        private final long[] before;

        Shape(Descriptor description, Content x, Content w, long[] out) {
            this.x = x;
            this.w = w;
            this.strides = description.numbers(103);
            this.before = description.numbers(105);
            long[] after = description.numbers(104);
            boolean meets = w.extents[0] == out[1] && w.extents[1] == x.extents[1] && out[0] == 1;
            for (int i = 0; i < 3; i++) {
                long fitting = (x.extents[2 + i] + before[i] + after[i] - w.extents[2 + i]) / strides[i] + 1;
                meets &= fitting == out[2 + i];
            }
            if (!meets
                    || description.word(100) != F32
                    || description.word(101) != 1
                    || description.numbers(106)[0] != 3
                    || !Arrays.equals(description.numbers(102), new long[] {1, 1, 1})) {
                throw new AssertionError("extents do not meet: " + Arrays.toString(x.extents) + ", "
                        + Arrays.toString(w.extents) + " to " + Arrays.toString(out));
            }
        }

        double sum(int o, int row, int column) {
            double sum = 0;
            for (int t = 0; t < w.extents[2]; t++) {
                for (int i = 0; i < w.extents[3]; i++) {
                    for (int j = 0; j < w.extents[4]; j++) {
                        long y = row * strides[1] + i - before[1];
                        long z = column * strides[2] + j - before[2];
                        if (y >= 0 && y < x.extents[3] && z >= 0 && z < x.extents[4]) {
                            for (int c = 0; c < w.extents[1]; c++) {
                                sum += x.get(0, c, t, y, z) * w.get(o, c, t, i, j);
                            }
                        }
                    }
                }
            }
            return sum;
        }
    }
}
