package io.wan4j.model.vae;

import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Convolution;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.Optional;

/**
 * Doubles rows and columns: nearest neighbour, then a 3x3 convolution to half the channels. With a convolution in time
 * it first doubles the frames, but not the first: a causal convolution from C to 2C channels over the frames after the
 * first, whose halves are two frames.
 */
final class Upsample implements CausalLayer {
    private final Convolution space;
    private final Optional<CausalConvolution> time;
    private boolean begun;

    private Upsample(Convolution space, Optional<CausalConvolution> time) {
        this.space = space;
        this.time = time;
    }

    /** Weights of the convolutions in space and, if frames are doubled, in time. */
    record Kernel(Convolution space, Optional<CausalConvolution.Kernel> time) implements Parameters<Upsample> {
        static Kernel load(Weights weights, int channels, boolean doublesFrames) {
            return new Kernel(
                    weights.convolution2d(
                            "resample.1", Shape.of(channels / 2, channels, 3, 3), Convolution.Geometry.SAME_3),
                    doublesFrames
                            ? Optional.of(CausalConvolution.Kernel.time(
                                    weights, "time_conv", new Widths(channels, 2 * channels)))
                            : Optional.empty());
        }

        @Override
        public Upsample begin(Caches caches, Shape frame) {
            return new Upsample(space, time.map(convolution -> convolution.begin(caches, frame)));
        }
    }

    private boolean doublesFrames() {
        return begun && time.isPresent();
    }

    @Override
    public Shape output(Shape x) {
        long frames = doublesFrames() ? 2 * x.dim(0) : x.dim(0);
        return Shape.of(frames, 2 * x.dim(1), 2 * x.dim(2), space.out());
    }

    @Override
    public void forward(Ops parent, Tensor x, Tensor out) {
        try (Ops ops = parent.nested()) {
            Tensor plain = ops.inFormat(x, ops.formats().compute());
            Tensor frames = doublesFrames() ? doubleFrames(ops, plain) : plain;
            begun = true;
            for (long t = 0; t < frames.shape().dim(0); t++) {
                doubleSpace(ops, frames.slice(t, t + 1), out.slice(t, t + 1));
            }
        }
    }

    /** One frame, as the doubled frame is the largest temporary of the decoder. */
    private void doubleSpace(Ops parent, Tensor frame, Tensor out) {
        try (Ops ops = parent.nested()) {
            Tensor doubled = ops.upsample(frame);
            ops.convolution(doubled.slice(0, 0), doubled, space, Target.store(out));
        }
    }

    private Tensor doubleFrames(Ops ops, Tensor x) {
        CausalConvolution convolution = time.orElseThrow();
        Tensor pairs = ops.allocate(convolution.output(x.shape()), x.format());
        convolution.forward(ops, x, pairs);
        return ops.interleaveFrames(pairs);
    }
}
