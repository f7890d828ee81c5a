package io.wan4j.cuda;

import static io.wan4j.cuda.DeviceStorage.address;

import io.wan4j.cuda.driver.KernelArguments;
import io.wan4j.cuda.driver.LaunchShape;
import io.wan4j.cuda.driver.TensorMap;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.List;

/** Flash attention on the warp groups of compute capability 9.0 ({@code attention_group_bf16.cu}). */
final class GroupAttention {
    private static final int DIMENSION = 128;
    private static final int ROWS = 128;
    private static final int BOX_COLUMNS = 64;
    private static final int THREADS = 384;
    private static final int SLOTS = 2;
    private static final int ALIGNMENT = 1024;
    private static final int BARRIER_BYTES = 8 + 16 * SLOTS;

    /** q, and keys and values in each slot. */
    private static final int SHARED_BYTES =
            ALIGNMENT + (1 + 2 * SLOTS) * ROWS * DIMENSION * Format.BF16.bytes() + BARRIER_BYTES;

    private final Launcher launcher;

    GroupAttention(Launcher launcher) {
        this.launcher = launcher;
    }

    /** Whether it can compute this: one context without bias, heads of 128 columns, aligned BF16. */
    boolean takes(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        KeyValue first = contexts.get(0);
        long keys = first.key().shape().dim(0);
        return launcher.hasWarpGroups()
                && q.format() == Format.BF16
                && contexts.size() == 1
                && spec.bias().isEmpty()
                && q.shape().dim(1) == (long) DIMENSION * spec.heads()
                && keys > 0
                && keys < Integer.MAX_VALUE
                && Launcher.aligned(address(q), address(first.key()), address(first.value()), address(out));
    }

    void run(Tensor q, KeyValue context, AttentionSpec spec, Tensor out) {
        long rows = q.shape().dim(0);
        KernelArguments arguments = new KernelArguments()
                .bytes(map(q), TensorMap.ALIGNMENT)
                .bytes(map(context.key()), TensorMap.ALIGNMENT)
                .bytes(map(context.value()), TensorMap.ALIGNMENT)
                .pointer(address(out))
                .int64(rows)
                .int32(context.key().shape().dim(0))
                .int32(spec.heads())
                .float32(spec.scale());
        LaunchShape blocks = new LaunchShape(Math.toIntExact(Launcher.blocks(rows, ROWS)), spec.heads(), 1);
        launcher.launch(
                new Launcher.Call(
                        "attention_group_bf16", "attention_group_bf16_" + DIMENSION, blocks, THREADS, SHARED_BYTES),
                arguments,
                q + " with one context");
    }

    private byte[] map(Tensor matrix) {
        long columns = matrix.shape().dim(1);
        return launcher.driver()
                .encodeTensorMap(new TensorMap(
                        address(matrix),
                        TensorMap.Element.BF16,
                        List.of(columns, matrix.shape().dim(0)),
                        List.of(columns * Format.BF16.bytes()),
                        List.of(BOX_COLUMNS, ROWS),
                        TensorMap.Swizzle.BYTES_128));
    }
}
