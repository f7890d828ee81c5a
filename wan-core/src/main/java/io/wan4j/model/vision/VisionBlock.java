package io.wan4j.model.vision;

import static io.wan4j.model.vision.VisionConfig.EPS;

import io.wan4j.ops.Norm;
import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Activation;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.List;

/** One pre-norm transformer block. */
final class VisionBlock {
    private final Norm attentionNorm;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear out;
    private final Norm mlpNorm;
    private final Linear up;
    private final Linear down;
    private final AttentionSpec spec;

    VisionBlock(VisionConfig config, Weights w) {
        int dim = config.dim();
        attentionNorm = w.norm("norm1", dim, EPS);
        query = w.linearPart("attn.to_qkv", dim, dim, 0, 3);
        key = w.linearPart("attn.to_qkv", dim, dim, 1, 3);
        value = w.linearPart("attn.to_qkv", dim, dim, 2, 3);
        out = w.linear("attn.proj", dim, dim);
        mlpNorm = w.norm("norm2", dim, EPS);
        up = w.linear("mlp.0", dim, config.hiddenDim());
        down = w.linear("mlp.2", config.hiddenDim(), dim);
        spec = AttentionSpec.scaled(config.heads(), dim / config.heads());
    }

    /** x = x + attention(norm1(x)); x = x + mlp(norm2(x)), in place. x [257, dim]. */
    void forward(Ops parent, Tensor x) {
        try (Ops ops = parent.nested()) {
            Tensor in =
                    ops.layerNorm(x, attentionNorm, query.input(ops.formats().compute()));
            KeyValue context = new KeyValue(ops.linear(in, key), ops.linear(in, value));
            Tensor attended = ops.attention(ops.linear(in, query), List.of(context), spec);
            ops.linear(attended, out, Target.addTo(x));
        }
        try (Ops ops = parent.nested()) {
            Format compute = ops.formats().compute();
            Tensor in = ops.layerNorm(x, mlpNorm, up.input(compute));
            Tensor hidden = ops.linear(in, up, Activation.GELU_ERF, down.input(compute));
            ops.linear(hidden, down, Target.addTo(x));
        }
    }
}
