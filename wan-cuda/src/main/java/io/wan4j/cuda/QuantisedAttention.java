package io.wan4j.cuda;

import static io.wan4j.cuda.DeviceStorage.address;

import io.wan4j.cuda.driver.KernelArguments;
import io.wan4j.cuda.driver.LaunchShape;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.List;

/**
 * Attention with q k^T in 8 bits, see {@code attention_s8.cu}: as many heads at a time as their codes have room in
 * scratch.
 */
final class QuantisedAttention {
    private static final String FILE = "attention_s8";
    private static final int DIMENSION = 128;
    private static final int ROWS = 128;
    private static final int KEYS = 64;
    private static final int THREADS = 256;
    private static final int PREPARED_ROWS = THREADS / 16;
    private static final int HEAD_BYTES = DIMENSION * Format.BF16.bytes();
    private static final int SHARED_BYTES = ROWS * DIMENSION + 2 * KEYS * (3 * DIMENSION + Float.BYTES);
    private static final double LOG2_E = 1 / Math.log(2);

    private final Launcher launcher;
    private final Scratch scratch;

    QuantisedAttention(Launcher launcher, Scratch scratch) {
        this.launcher = launcher;
        this.scratch = scratch;
    }

    /** Codes and scales of so many heads, in scratch. */
    private record Codes(long q, long k, long v, long qScales, long kScales, long mean, long factor) {}

    /** The operands of one call. */
    private record Call(Tensor q, KeyValue context, AttentionSpec spec, Tensor out) {
        long rows() {
            return q.shape().dim(0);
        }

        long keys() {
            return context.key().shape().dim(0);
        }

        long pitch() {
            return q.shape().dim(1);
        }

        /** Scratch of one head. */
        long headBytes() {
            return rows() * DIMENSION
                    + keys() * 3 * DIMENSION
                    + Float.BYTES * (padded(rows()) + padded(keys()) + 2 * DIMENSION);
        }
    }

    /** Whether the kernels take these operands and one head has room. */
    boolean takes(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        if (contexts.size() != 1
                || spec.bias().isPresent()
                || q.format() != Format.BF16
                || q.shape().dim(0) == 0) {
            return false;
        }
        KeyValue context = contexts.get(0);
        return q.shape().dim(1) == (long) spec.heads() * DIMENSION
                && Launcher.aligned(address(q), address(out), address(context.key()), address(context.value()))
                && headsAtOnce(new Call(q, context, spec, out)) > 0;
    }

    private int headsAtOnce(Call call) {
        scratch.reset();
        long alignment = 7 * 256;
        return (int) Math.min(call.spec().heads(), (scratch.left() - alignment) / call.headBytes());
    }

    private static long padded(long rows) {
        return (rows + ROWS - 1) / ROWS * ROWS;
    }

    void run(Tensor q, KeyValue context, AttentionSpec spec, Tensor out) {
        Call call = new Call(q, context, spec, out);
        int most = headsAtOnce(call);
        for (int head = 0; head < spec.heads(); head += most) {
            int heads = Math.min(most, spec.heads() - head);
            scratch.reset();
            Codes codes = new Codes(
                    scratch.take(heads * call.rows() * DIMENSION),
                    scratch.take(heads * call.keys() * DIMENSION),
                    scratch.take(heads * call.keys() * DIMENSION * Format.F16.bytes()),
                    scratch.take(heads * padded(call.rows()) * Float.BYTES),
                    scratch.take(heads * padded(call.keys()) * Float.BYTES),
                    scratch.take((long) heads * DIMENSION * Float.BYTES),
                    scratch.take((long) heads * DIMENSION * Float.BYTES));
            prepare(call, head, heads, codes);
            attend(call, head, heads, codes);
        }
    }

    private void prepare(Call call, int head, int heads, Codes codes) {
        long offset = (long) head * HEAD_BYTES;
        long k = address(call.context().key()) + offset;
        long v = address(call.context().value()) + offset;
        launch(
                "attention_s8_columns",
                new LaunchShape(heads, 1, 1),
                0,
                new KernelArguments()
                        .pointer(k)
                        .pointer(v)
                        .pointer(codes.mean())
                        .pointer(codes.factor())
                        .int64(call.keys())
                        .int64(call.pitch()),
                call);
        float times = (float) (call.spec().scale() * LOG2_E);
        codes(call, address(call.q()) + offset, 0, new Target(codes.q(), codes.qScales(), call.rows(), times), heads);
        codes(call, k, codes.mean(), new Target(codes.k(), codes.kScales(), call.keys(), 1), heads);
        launch(
                "attention_s8_values",
                new LaunchShape(Math.toIntExact(Launcher.blocks(call.keys(), PREPARED_ROWS)), heads, 1),
                0,
                new KernelArguments()
                        .pointer(v)
                        .pointer(codes.factor())
                        .pointer(codes.v())
                        .int64(call.keys())
                        .int64(call.pitch()),
                call);
    }

    /** Where codes go, and what their scales are multiplied by. */
    private record Target(long codes, long scales, long rows, float times) {}

    private void codes(Call call, long x, long mean, Target to, int heads) {
        launch(
                "attention_s8_codes",
                new LaunchShape(Math.toIntExact(padded(to.rows()) / PREPARED_ROWS), heads, 1),
                0,
                new KernelArguments()
                        .pointer(x)
                        .pointer(mean)
                        .pointer(to.codes())
                        .pointer(to.scales())
                        .int64(to.rows())
                        .int64(call.pitch())
                        .int64(padded(to.rows()))
                        .float32(to.times()),
                call);
    }

    private void attend(Call call, int head, int heads, Codes codes) {
        launch(
                "attention_s8_128",
                new LaunchShape(Math.toIntExact(Launcher.blocks(call.rows(), ROWS)), heads, 1),
                SHARED_BYTES,
                new KernelArguments()
                        .pointer(codes.q())
                        .pointer(codes.k())
                        .pointer(codes.v())
                        .pointer(codes.qScales())
                        .pointer(codes.kScales())
                        .pointer(codes.factor())
                        .pointer(address(call.out()) + (long) head * HEAD_BYTES)
                        .int64(call.rows())
                        .int64(call.keys())
                        .int64(padded(call.rows()))
                        .int64(padded(call.keys()))
                        .int64(call.pitch()),
                call);
    }

    private void launch(String kernel, LaunchShape blocks, int sharedBytes, KernelArguments arguments, Call call) {
        launcher.launch(
                new Launcher.Call(FILE, kernel, blocks, THREADS, sharedBytes),
                arguments,
                call.q() + " with keys " + call.context().key());
    }
}
