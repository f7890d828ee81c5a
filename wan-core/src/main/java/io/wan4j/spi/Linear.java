package io.wan4j.spi;

import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.util.List;
import java.util.Optional;

/**
 * A linear layer {@code y = x W^T + b + sum_i s_i B_i (A_i x)}.
 *
 * @param name canonical name, for example {@code blocks.7.self_attn.q}
 * @param weight W, [out, in]
 * @param bias b, F32 [out]
 * @param adapters low-rank side branches, exact beside a quantised weight; usually none
 */
public record Linear(String name, Weight weight, Optional<Tensor> bias, List<LowRank> adapters) {
    /**
     * A low-rank side branch.
     *
     * @param down A, [rank, in], F32 or BF16
     * @param up B, [out, rank], F32 or BF16
     * @param strength s, with alpha / rank included
     */
    public record LowRank(Tensor down, Tensor up, float strength) {}

    /** Copies the list. */
    public Linear {
        adapters = List.copyOf(adapters);
    }

    /** Columns of the input. */
    public long in() {
        return weight.shape().dim(1);
    }

    /** Columns of the output. */
    public long out() {
        return weight.shape().dim(0);
    }

    /**
     * The format in which this layer wants its input: 8-bit codes where the input is quantised dynamically, so that the
     * operation before can do it; otherwise {@code compute}. Layers with adapters need the unquantised input.
     */
    public Format input(Format compute) {
        if (weight instanceof Scaled scaled
                && scaled.activations() == ActivationMode.DYNAMIC_8BIT
                && adapters.isEmpty()) {
            return scaled.codes().format();
        }
        return compute;
    }

    /** Whether the weight is in a floating format. */
    public boolean isDense() {
        return weight instanceof Dense;
    }
}
