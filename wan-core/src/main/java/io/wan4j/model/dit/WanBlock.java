package io.wan4j.model.dit;

import static io.wan4j.model.dit.WanConfig.EPS;
import static io.wan4j.ops.Target.addTo;

import io.wan4j.ops.Norm;
import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Activation;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.spi.Rope;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.List;

/** One of the transformer's blocks: self-attention, cross-attention to text and image, feed-forward. */
final class WanBlock {
    private final Tensor modulation;
    private final Attention self;
    private final Norm crossNorm;
    private final Attention cross;
    private final Linear imageKey;
    private final Linear imageValue;
    private final Tensor imageKeyNorm;
    private final Linear ffnUp;
    private final Linear ffnDown;
    private final AttentionSpec spec;

    /** Projections and norms that self- and cross-attention have in common. */
    private record Attention(Linear query, Linear key, Linear value, Linear out, Tensor queryNorm, Tensor keyNorm) {
        static Attention load(Weights w, int dim) {
            return new Attention(
                    w.linear("q", dim, dim),
                    w.linear("k", dim, dim),
                    w.linear("v", dim, dim),
                    w.linear("o", dim, dim),
                    w.vector("norm_q.weight", dim),
                    w.vector("norm_k.weight", dim));
        }
    }

    /** Loads block {@code w.at("blocks.N")}. */
    WanBlock(WanConfig config, Weights w) {
        int dim = config.dim();
        modulation = w.tensor("modulation", 1, 6, dim).reshape(6, dim);
        self = Attention.load(w.at("self_attn"), dim);
        crossNorm = w.norm("norm3", dim, EPS);
        Weights c = w.at("cross_attn");
        cross = Attention.load(c, dim);
        imageKey = c.linear("k_img", dim, dim);
        imageValue = c.linear("v_img", dim, dim);
        imageKeyNorm = c.vector("norm_k_img.weight", dim);
        ffnUp = w.linear("ffn.0", dim, config.ffnDim());
        ffnDown = w.linear("ffn.2", config.ffnDim(), dim);
        spec = AttentionSpec.scaled(config.heads(), config.headDim());
    }

    /**
     * x = block(x).
     *
     * @param x residual stream [L, dim], changed in place
     * @param time e0, F32 [6, dim]
     * @param rope angles of the L tokens
     * @param contexts this block's keys and values of image and text
     */
    void forward(Ops parent, Tensor x, Tensor time, Rope rope, List<KeyValue> contexts) {
        try (Ops ops = parent.nested()) {
            Tensor rows = ops.modulation(modulation, time);
            selfAttention(ops, x, Modulation.of(rows, 0), rope);
            crossAttention(ops, x, contexts);
            feedForward(ops, x, Modulation.of(rows, 3));
        }
    }

    private void selfAttention(Ops parent, Tensor x, Modulation m, Rope rope) {
        try (Ops ops = parent.nested()) {
            Tensor in =
                    ops.normModulate(x, m.shift(), m.scale(), EPS, input(ops, self.query(), self.key(), self.value()));
            Tensor q = ops.linear(in, self.query());
            Tensor k = ops.linear(in, self.key());
            Tensor v = ops.linear(in, self.value());
            ops.rmsNormRopeInPlace(q, self.queryNorm(), EPS, rope);
            ops.rmsNormRopeInPlace(k, self.keyNorm(), EPS, rope);
            Tensor attended = ops.attention(q, List.of(new KeyValue(k, v)), spec);
            ops.linear(attended, self.out(), addTo(x, m.gate()));
        }
    }

    private void crossAttention(Ops parent, Tensor x, List<KeyValue> contexts) {
        try (Ops ops = parent.nested()) {
            Tensor in = ops.layerNorm(x, crossNorm, input(ops, cross.query()));
            Tensor q = ops.linear(in, cross.query());
            ops.rmsNormInPlace(q, cross.queryNorm(), EPS);
            Tensor attended = ops.attention(q, contexts, spec);
            ops.linear(attended, cross.out(), addTo(x));
        }
    }

    private void feedForward(Ops parent, Tensor x, Modulation m) {
        try (Ops ops = parent.nested()) {
            Tensor in = ops.normModulate(x, m.shift(), m.scale(), EPS, input(ops, ffnUp));
            Tensor hidden = ops.linear(in, ffnUp, Activation.GELU_TANH, input(ops, ffnDown));
            ops.linear(hidden, ffnDown, addTo(x, m.gate()));
        }
    }

    /** The format that all these layers take: 8-bit codes if they all do, so that one pass normalises and quantises. */
    private static Format input(Ops ops, Linear... layers) {
        Format compute = ops.formats().compute();
        Format first = layers[0].input(compute);
        for (Linear layer : layers) {
            if (layer.input(compute) != first) {
                return compute;
            }
        }
        return first;
    }

    /**
     * Keys and values of the embedded image and text, which do not depend on the timestep.
     *
     * @param target for the image [257, dim] and the text [512, dim], in this order
     */
    void contexts(Ops parent, Tensor image, Tensor text, List<KeyValue> target) {
        try (Ops ops = parent.nested()) {
            keyValue(ops, image, imageKey, imageValue, imageKeyNorm, target.get(0));
            keyValue(ops, text, cross.key(), cross.value(), cross.keyNorm(), target.get(1));
        }
    }

    private static void keyValue(Ops ops, Tensor x, Linear key, Linear value, Tensor keyNorm, KeyValue target) {
        ops.linear(x, key, Target.store(target.key()));
        ops.rmsNormInPlace(target.key(), keyNorm, EPS);
        ops.linear(x, value, Target.store(target.value()));
    }
}
