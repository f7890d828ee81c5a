package io.wan4j.model.vae;

import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Activation;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;

/** {@code y = conv3(silu(norm(x)))}: half of a residual block, and the head. */
final class NormConvolution implements SettlingLayer {
    private final Tensor gamma;
    private final CausalConvolution convolution;

    private NormConvolution(Tensor gamma, CausalConvolution convolution) {
        this.gamma = gamma;
        this.convolution = convolution;
    }

    /** Weights of norm and convolution. */
    record Kernel(Tensor gamma, CausalConvolution.Kernel convolution) implements Parameters<NormConvolution> {
        /** Loads {@code norm.gamma} [in, 1, 1, 1] and the layer {@code convolution}. */
        static Kernel load(Weights weights, String norm, String convolution, Widths widths) {
            return new Kernel(
                    weights.reshaped(norm + ".gamma", Shape.of(widths.in(), 1, 1, 1), widths.in()),
                    CausalConvolution.Kernel.cube(weights, convolution, widths));
        }

        @Override
        public NormConvolution begin(Caches caches, Shape frame) {
            return new NormConvolution(gamma, convolution.begin(caches, frame));
        }
    }

    @Override
    public Shape output(Shape x) {
        return convolution.output(x);
    }

    @Override
    public void forward(Ops ops, Tensor x, Tensor out) {
        forward(ops, x, Target.store(out));
    }

    /** The convolution of the next frames joins the target. */
    void forward(Ops parent, Tensor x, Target target) {
        try (Ops ops = parent.nested()) {
            convolution.forward(ops, ops.channelNorm(x, gamma, Activation.SILU), target);
        }
    }

    @Override
    public Reach reach() {
        return convolution.reach();
    }
}
