package io.wan4j.model.vae;

import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Convolution;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;

/** {@code y[t] = W * (x[t-2], x[t-1], x[t]) + b}: a convolution over three frames that does not see the future. */
final class CausalConvolution implements SettlingLayer {
    static final Reach REACH = new Reach(2, 1);

    private final Convolution convolution;
    private final FrameHistory history;

    private CausalConvolution(Convolution convolution, FrameHistory history) {
        this.convolution = convolution;
        this.history = history;
    }

    /** Weights of a causal convolution. */
    record Kernel(Convolution convolution) implements Parameters<CausalConvolution> {
        /** 3x3x3 with zeros around each frame. */
        static Kernel cube(Weights weights, String name, Widths widths) {
            return new Kernel(weights.convolution(
                    name, Shape.of(widths.out(), widths.in(), 3, 3, 3), Convolution.Geometry.SAME_3));
        }

        /** 3x1x1: along time only. */
        static Kernel time(Weights weights, String name, Widths widths) {
            return new Kernel(weights.convolution(
                    name, Shape.of(widths.out(), widths.in(), 3, 1, 1), Convolution.Geometry.POINT));
        }

        @Override
        public CausalConvolution begin(Caches caches, Shape frame) {
            return new CausalConvolution(convolution, new FrameHistory(caches, frame));
        }
    }

    @Override
    public Shape output(Shape x) {
        return x.withLast(convolution.out());
    }

    @Override
    public void forward(Ops ops, Tensor x, Tensor out) {
        forward(ops, x, Target.store(out));
    }

    /** The convolution of the next frames joins the target. */
    void forward(Ops ops, Tensor x, Target target) {
        ops.convolution(history.frames(), x, convolution, target);
        history.push(ops, x);
    }

    @Override
    public Reach reach() {
        return REACH;
    }
}
