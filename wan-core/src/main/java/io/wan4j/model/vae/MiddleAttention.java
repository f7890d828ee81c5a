package io.wan4j.model.vae;

import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Activation;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.List;

/** {@code y = x + proj(softmax(q k^T / sqrt(C)) v)} with q, k, v of norm(x): over the H W positions of each frame. */
final class MiddleAttention implements SettlingLayer {
    private final Kernel w;

    private MiddleAttention(Kernel weights) {
        this.w = weights;
    }

    /** Weights; q, k, v are the thirds of {@code to_qkv}. */
    record Kernel(Tensor gamma, Linear query, Linear key, Linear value, Linear projection)
            implements Parameters<MiddleAttention> {
        static Kernel load(Weights weights, int channels) {
            Shape fused = Shape.of(3L * channels, channels, 1, 1);
            return new Kernel(
                    weights.reshaped("norm.gamma", Shape.of(channels, 1, 1), channels),
                    weights.patchLinearPart("to_qkv", fused, 0, 3),
                    weights.patchLinearPart("to_qkv", fused, 1, 3),
                    weights.patchLinearPart("to_qkv", fused, 2, 3),
                    weights.patchLinear("proj", Shape.of(channels, channels, 1, 1), true));
        }

        @Override
        public MiddleAttention begin(Caches caches, Shape frame) {
            return new MiddleAttention(this);
        }
    }

    @Override
    public Shape output(Shape x) {
        return x;
    }

    @Override
    public boolean inPlace() {
        return true;
    }

    @Override
    public void forward(Ops ops, Tensor x, Tensor out) {
        if (out != x) {
            ops.copy(x, out);
        }
        Shape s = x.shape();
        for (long t = 0; t < s.dim(0); t++) {
            addAttention(ops, out.entry(t).reshape(s.dim(1) * s.dim(2), s.dim(3)));
        }
    }

    /** x [H W, C] becomes x + proj(attention). */
    private void addAttention(Ops parent, Tensor x) {
        try (Ops ops = parent.nested()) {
            Tensor normed = ops.channelNorm(x, w.gamma(), Activation.IDENTITY);
            Tensor q = ops.linear(normed, w.query());
            Tensor k = ops.linear(normed, w.key());
            Tensor v = ops.linear(normed, w.value());
            AttentionSpec spec = AttentionSpec.scaled(1, x.shape().columns());
            Tensor mixed = ops.attention(q, List.of(new KeyValue(k, v)), spec);
            ops.linear(mixed, w.projection(), Target.addTo(x));
        }
    }

    @Override
    public Reach reach() {
        return Reach.FRAME;
    }
}
