package io.wan4j.cuda;

import static io.wan4j.cuda.DeviceStorage.address;

import io.wan4j.cuda.driver.KernelArguments;
import io.wan4j.cuda.driver.LaunchShape;
import io.wan4j.error.UnsupportedException;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** Flash attention in BF16, on request with q k^T in 8 bits; plain arithmetic in F32. */
final class AttentionKernels {
    private static final int MOST_CONTEXTS = 2;
    private static final int MOST_DIMENSION = 384;

    private final Launcher launcher;
    private final Optional<QuantisedAttention> quantised;
    private final GroupAttention groups;
    private final LibraryAttention library;

    AttentionKernels(Launcher launcher, Optional<QuantisedAttention> quantised, LibraryAttention library) {
        this.launcher = launcher;
        this.groups = new GroupAttention(launcher);
        this.library = library;
        this.quantised = quantised;
    }

    /** A kernel of {@code attention_bf16.cu}. */
    private enum Variant {
        PLAIN_64("64", 64, 64, 8, 64, 2),
        PLAIN_128("128", 128, 128, 8, 64, 2),
        GENERAL_64("64_general", 64, 64, 4, 32, 2),
        GENERAL_128("128_general", 128, 128, 4, 32, 2),
        GENERAL_384("384_general", 384, 128, 4, 32, 1);

        private final String suffix;
        private final int dimension;
        private final int valueColumns;
        private final int warps;
        private final int keys;
        private final int stages;

        Variant(String suffix, int dimension, int valueColumns, int warps, int keys, int stages) {
            this.suffix = suffix;
            this.dimension = dimension;
            this.valueColumns = valueColumns;
            this.warps = warps;
            this.keys = keys;
            this.stages = stages;
        }

        static Variant of(long dimension, boolean plain) {
            if (dimension > 128) {
                return GENERAL_384;
            }
            if (dimension > 64) {
                return plain ? PLAIN_128 : GENERAL_128;
            }
            return plain ? PLAIN_64 : GENERAL_64;
        }

        int rows() {
            return 16 * warps;
        }

        int sharedBytes() {
            return Format.BF16.bytes() * (rows() * dimension + stages * keys * (dimension + valueColumns));
        }
    }

    void run(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        int dimension = Math.toIntExact(q.shape().dim(1) / spec.heads());
        if (contexts.size() > MOST_CONTEXTS || dimension > MOST_DIMENSION) {
            throw new UnsupportedException("attention on CUDA: expected at most " + MOST_CONTEXTS
                    + " contexts and a head dimension of at most " + MOST_DIMENSION + ", got " + contexts.size()
                    + " and " + dimension);
        }
        long rows = q.shape().dim(0);
        if (rows == 0) {
            return;
        }
        if (quantised.isPresent() && quantised.get().takes(q, contexts, spec, out)) {
            quantised.get().run(q, contexts.get(0), spec, out);
            return;
        }
        if (library.run(q, contexts, spec, out)) {
            return;
        }
        if (groups.takes(q, contexts, spec, out)) {
            groups.run(q, contexts.get(0), spec, out);
            return;
        }
        KernelArguments arguments = arguments(q, contexts, spec, out);
        if (q.format() == Format.F32) {
            int warps = 4;
            LaunchShape blocks = new LaunchShape(Math.toIntExact(Launcher.blocks(rows, warps)), spec.heads(), 1);
            launcher.launch(new Launcher.Call("attention_f32", "attention_f32", blocks, 32 * warps, 0), arguments, q);
            return;
        }
        Variant variant =
                Variant.of(dimension, contexts.size() == 1 && spec.bias().isEmpty());
        LaunchShape blocks = new LaunchShape(
                Math.toIntExact(Launcher.blocks(rows, variant.rows())),
                spec.heads(),
                Math.toIntExact(Launcher.blocks(dimension, variant.valueColumns)));
        launcher.launch(
                new Launcher.Call(
                        "attention_bf16",
                        "attention_bf16_" + variant.suffix,
                        blocks,
                        32 * variant.warps,
                        variant.sharedBytes()),
                arguments,
                q + " with " + contexts.size() + " contexts");
    }

    /** The structure {@code Attention}. */
    private static KernelArguments arguments(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        int dimension = Math.toIntExact(q.shape().dim(1) / spec.heads());
        boolean vector = dimension % 8 == 0 && Launcher.aligned(address(q), address(out));
        KernelArguments arguments = new KernelArguments().pointer(address(q)).pointer(address(out));
        for (int i = 0; i < MOST_CONTEXTS; i++) {
            KeyValue context = contexts.get(Math.min(i, contexts.size() - 1));
            vector &= Launcher.aligned(address(context.key()), address(context.value()));
            arguments
                    .pointer(address(context.key()))
                    .pointer(address(context.value()))
                    .int64(context.key().shape().dim(0));
        }
        return arguments
                .pointer(spec.bias().map(bias -> address(bias.table())).orElse(0L))
                .int64(q.shape().dim(0))
                .int32(contexts.size())
                .int32(spec.heads())
                .int32(dimension)
                .int32(spec.bias().map(AttentionSpec.RelativeBias::offset).orElse(0))
                .float32(spec.scale())
                .int32(vector ? 1 : 0);
    }
}
