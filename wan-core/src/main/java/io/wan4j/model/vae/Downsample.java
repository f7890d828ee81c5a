package io.wan4j.model.vae;

import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Convolution;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.Optional;

/**
 * Halves rows and columns by a 3x3 convolution of stride 2, {@code s = W * x + b}, with zeros to the right and below
 * only. With a convolution in time it then halves the frames: {@code y[0] = s[0]},
 * {@code y[j] = V * (s[2j-2], s[2j-1], s[2j]) + c}. Takes one frame at a time.
 */
final class Downsample implements SettlingLayer {
    private static final Convolution.Geometry HALVE = new Convolution.Geometry(1, 2, 0, 1);

    private final Convolution space;
    private final Optional<Halving> time;

    private Downsample(Convolution space, Optional<Halving> time) {
        this.space = space;
        this.time = time;
    }

    /** Weights of the convolutions in space and, if frames are halved, in time. */
    record Kernel(Convolution space, Optional<Convolution> time) implements Parameters<Downsample> {
        static Kernel load(Weights weights, int channels, boolean halvesFrames) {
            Convolution space = weights.convolution2d("resample.1", Shape.of(channels, channels, 3, 3), HALVE);
            return new Kernel(
                    space,
                    halvesFrames
                            ? Optional.of(weights.convolution(
                                    "time_conv", Shape.of(channels, channels, 3, 1, 1), Convolution.Geometry.POINT))
                            : Optional.empty());
        }

        @Override
        public Downsample begin(Caches caches, Shape frame) {
            Shape halved = halved(space, frame);
            return new Downsample(
                    space, time.map(convolution -> new Halving(convolution, caches.frames(halved.withFirst(2)))));
        }
    }

    private static Shape halved(Convolution space, Shape x) {
        return Shape.of(x.dim(0), space.outSpace(x.dim(1)), space.outSpace(x.dim(2)), space.out());
    }

    @Override
    public Shape output(Shape x) {
        Shape halved = halved(space, x);
        return time.isPresent() && !time.get().due() ? halved.withFirst(0) : halved;
    }

    @Override
    public void forward(Ops parent, Tensor x, Tensor out) {
        try (Ops ops = parent.nested()) {
            Tensor plain = ops.inFormat(x, ops.formats().compute());
            Tensor none = plain.slice(0, 0);
            if (time.isPresent()) {
                time.get().forward(ops, ops.convolution(none, plain, space), out);
            } else {
                ops.convolution(none, plain, space, Target.store(out));
            }
        }
    }

    @Override
    public Reach reach() {
        return time.isPresent() ? Halving.REACH : Reach.FRAME;
    }

    @Override
    public void repeat() {
        time.ifPresent(Halving::repeat);
    }

    /** The convolution in time, and the two frames before the one that completes the next output. */
    private static final class Halving {
        static final Reach REACH = new Reach(2, 2);

        private final Convolution convolution;
        private final Tensor before;
        private long seen;

        Halving(Convolution convolution, Tensor before) {
            this.convolution = convolution;
            this.before = before;
        }

        /** Whether the next frame completes an output. */
        boolean due() {
            return seen % 2 == 0;
        }

        void forward(Ops ops, Tensor frame, Tensor out) {
            if (!due()) {
                ops.copy(frame, before.slice(1, 2));
            } else {
                if (seen == 0) {
                    ops.copy(frame, out);
                } else {
                    ops.convolution(before, frame, convolution, Target.store(out));
                }
                ops.copy(frame, before.slice(0, 1));
            }
            seen++;
        }

        void repeat() {
            seen++;
        }
    }
}
