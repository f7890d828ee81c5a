package io.wan4j.testkit;

import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Weight;
import io.wan4j.testkit.ContractShapes.LinearShape;
import io.wan4j.testkit.QuantisedOracle.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * A way to store the weight of a linear layer.
 *
 * @param format of values or codes
 * @param scales formats and number of the scales
 * @param mode what becomes of the input
 */
record WeightKind(Format format, Scales scales, ActivationMode mode) {
    /** Scales of a weight in 8-bit codes. */
    enum Scales {
        NONE,
        ROW,
        ROW_BF16,
        ONE
    }

    static WeightKind dense(Format format) {
        return new WeightKind(format, Scales.NONE, ActivationMode.UNQUANTISED);
    }

    static WeightKind dynamic(Format format) {
        return new WeightKind(format, Scales.ROW, ActivationMode.DYNAMIC_8BIT);
    }

    static WeightKind unquantised(Format format) {
        return new WeightKind(format, Scales.ROW, ActivationMode.UNQUANTISED);
    }

    static List<WeightKind> all() {
        List<WeightKind> kinds = new ArrayList<>();
        for (Format format : List.of(Format.F32, Format.F16, Format.BF16, Format.F8_E4M3)) {
            kinds.add(dense(format));
        }
        for (Format format : List.of(Format.I8, Format.F8_E4M3)) {
            for (Scales scales : List.of(Scales.ROW, Scales.ROW_BF16, Scales.ONE)) {
                kinds.add(new WeightKind(format, scales, ActivationMode.DYNAMIC_8BIT));
                kinds.add(new WeightKind(format, scales, ActivationMode.UNQUANTISED));
            }
        }
        return kinds;
    }

    boolean isDynamic() {
        return mode == ActivationMode.DYNAMIC_8BIT;
    }

    Set<Feature> needs() {
        if (scales == Scales.NONE) {
            return switch (format) {
                case F16 -> Set.of(Feature.WEIGHTS_F16);
                case F8_E4M3 -> Set.of(Feature.WEIGHTS_F8);
                default -> Set.of();
            };
        }
        if (format == Format.I8) {
            return Set.of(isDynamic() ? Feature.W8A8_I8 : Feature.W8A16_I8);
        }
        return Set.of(isDynamic() ? Feature.W8A8_F8 : Feature.W8A16_F8);
    }

    /**
     * A weight on the device, and what the matrix product sees of it.
     *
     * @param weight on the device
     * @param operand on the host
     */
    record Made(Weight weight, Operand operand) {}

    /** A random weight whose products with standard normal rows are of size 1. */
    Made make(Rig rig, LinearShape shape) {
        int count = shape.out() * shape.in();
        float[] values = rig.normal(count, scales == Scales.NONE ? 1 / Math.sqrt(shape.in()) : spread());
        return make(rig, shape, values);
    }

    private double spread() {
        return format == Format.I8 ? 40 : 100;
    }

    /** A weight of these values, or of these codes under random scales. */
    Made make(Rig rig, LinearShape shape, float[] values) {
        if (format == Format.I8) {
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) Math.rint(Math.max(-127, Math.min(127, values[i])));
            }
        }
        MemoryTensor stored = MemoryTensor.of("layer.weight", format, values, shape.out(), shape.in());
        float[] rounded = MemoryTensor.decode(format, stored.content(), values.length);
        Optional<StoredTensor> scale = scale(rig, shape);
        double[] factors = scale.map(s -> Doubles.of(MemoryTensor.decode(
                        s.format(),
                        ((MemoryTensor) s).content(),
                        Math.toIntExact(s.shape().count()))))
                .orElse(new double[] {1});
        double[] seen = new double[rounded.length];
        for (int i = 0; i < seen.length; i++) {
            seen[i] = rounded[i] * (factors.length == 1 ? factors[0] : factors[i / shape.in()]);
        }
        double relative = scales != Scales.NONE && !isDynamic()
                ? rig.errors().operand()
                : rig.errors().operandError(format);
        Weight weight = rig.place(new StoredWeight(stored, scale, mode), WeightRole.LINEAR);
        return new Made(weight, Operand.rounded(seen, relative));
    }

    private Optional<StoredTensor> scale(Rig rig, LinearShape shape) {
        if (scales == Scales.NONE) {
            return Optional.empty();
        }
        int count = scales == Scales.ONE ? 1 : shape.out();
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) ((0.5 + rig.random().nextDouble()) / (spread() * Math.sqrt(shape.in())));
        }
        Format stored = scales == Scales.ROW_BF16 ? Format.BF16 : Format.F32;
        Shape dims = scales == Scales.ONE ? Shape.of() : Shape.of(count, 1);
        return Optional.of(MemoryTensor.of("layer.weight_scale", stored, values, dims.toArray()));
    }

    @Override
    public String toString() {
        return scales == Scales.NONE
                ? format + " weight"
                : format
                        + (isDynamic() ? " w8a8, scale " : " w8a16, scale ")
                        + scales.name().toLowerCase(Locale.ROOT);
    }
}
