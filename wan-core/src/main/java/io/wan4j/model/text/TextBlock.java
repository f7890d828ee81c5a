package io.wan4j.model.text;

import static io.wan4j.model.text.TextConfig.EPS;

import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Activation;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** One encoder block: attention with its own relative bias and no scale, then a gated feed-forward layer. */
final class TextBlock {
    private final TextConfig config;
    private final Tensor attentionNorm;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear out;
    private final float[] positions;
    private final Tensor ffnNorm;
    private final Linear gate;
    private final Linear up;
    private final Linear down;

    TextBlock(TextConfig config, Weights w) {
        this.config = config;
        attentionNorm = w.vector("norm1.weight", config.dim());
        query = w.linearWithoutBias("attn.q", config.dim(), config.attentionDim());
        key = w.linearWithoutBias("attn.k", config.dim(), config.attentionDim());
        value = w.linearWithoutBias("attn.v", config.dim(), config.attentionDim());
        out = w.linearWithoutBias("attn.o", config.attentionDim(), config.dim());
        positions = w.host("pos_embedding.embedding.weight", config.buckets(), config.heads());
        ffnNorm = w.vector("norm2.weight", config.dim());
        gate = w.linearWithoutBias("ffn.gate.0", config.dim(), config.ffnDim());
        up = w.linearWithoutBias("ffn.fc1", config.dim(), config.ffnDim());
        down = w.linearWithoutBias("ffn.fc2", config.ffnDim(), config.dim());
    }

    /** x = x + attention(norm1(x)); x = x + ffn(norm2(x)), in place. x [S, dim]. */
    void forward(Ops parent, Tensor x) {
        try (Ops ops = parent.nested()) {
            attention(ops, x);
        }
        try (Ops ops = parent.nested()) {
            feedForward(ops, x);
        }
    }

    private void attention(Ops ops, Tensor x) {
        Tensor in = ops.rmsNorm(x, attentionNorm, EPS, query.input(ops.formats().compute()));
        Tensor q = ops.linear(in, query);
        KeyValue context = new KeyValue(ops.linear(in, key), ops.linear(in, value));
        Tensor attended =
                ops.attention(q, List.of(context), spec(ops, (int) x.shape().dim(0)));
        ops.linear(attended, out, Target.addTo(x));
    }

    private AttentionSpec spec(Ops ops, int length) {
        float[] biases = RelativePosition.biases(positions, config.buckets(), config.heads(), length);
        Tensor table = ops.upload(biases, 2L * length - 1, config.heads());
        return new AttentionSpec(config.heads(), 1, Optional.of(new AttentionSpec.RelativeBias(table, length - 1)));
    }

    private void feedForward(Ops ops, Tensor x) {
        Format compute = ops.formats().compute();
        Tensor in = ops.rmsNorm(x, ffnNorm, EPS, up.input(compute));
        Tensor gated = ops.linear(in, gate, Activation.GELU_TANH, compute);
        Tensor hidden = ops.linear(in, up, new Epilogue.Multiply(gated), compute);
        ops.linear(hidden, down, Target.addTo(x));
    }
}
