package io.wan4j.model.vae;

import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.Optional;

/** {@code y = shortcut(x) + conv3(silu(norm(conv3(silu(norm(x))))))}; the shortcut is x itself where widths are equal. */
final class ResidualBlock implements SettlingLayer {
    private final Optional<Linear> shortcut;
    private final NormConvolution first;
    private final NormConvolution second;

    private ResidualBlock(Optional<Linear> shortcut, NormConvolution first, NormConvolution second) {
        this.shortcut = shortcut;
        this.first = first;
        this.second = second;
    }

    /** Weights of both halves and of the shortcut. */
    record Kernel(Optional<Linear> shortcut, NormConvolution.Kernel first, NormConvolution.Kernel second)
            implements Parameters<ResidualBlock> {
        static Kernel load(Weights weights, Widths widths) {
            Weights residual = weights.at("residual");
            Optional<Linear> shortcut = widths.equal()
                    ? Optional.empty()
                    : Optional.of(weights.patchLinear("shortcut", Shape.of(widths.out(), widths.in(), 1, 1, 1), true));
            return new Kernel(
                    shortcut,
                    NormConvolution.Kernel.load(residual, "0", "2", widths),
                    NormConvolution.Kernel.load(residual, "3", "6", Widths.same(widths.out())));
        }

        @Override
        public ResidualBlock begin(Caches caches, Shape frame) {
            NormConvolution start = first.begin(caches, frame);
            return new ResidualBlock(shortcut, start, second.begin(caches, start.output(frame)));
        }
    }

    @Override
    public Shape output(Shape x) {
        return first.output(x);
    }

    @Override
    public boolean inPlace() {
        return shortcut.isEmpty();
    }

    @Override
    public void forward(Ops parent, Tensor x, Tensor out) {
        try (Ops ops = parent.nested()) {
            Tensor half = ops.allocate(output(x.shape()), ops.formats().compute());
            first.forward(ops, x, half);
            if (shortcut.isPresent()) {
                ops.linear(ops.inFormat(x, half.format()), shortcut.get(), Target.store(out));
            } else if (out != x) {
                ops.copy(x, out);
            }
            second.forward(ops, half, Target.addTo(out));
        }
    }

    @Override
    public Reach reach() {
        return first.reach().then(second.reach());
    }
}
