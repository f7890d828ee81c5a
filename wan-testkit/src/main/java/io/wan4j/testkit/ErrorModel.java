package io.wan4j.testkit;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.tensor.Format;

/**
 * Where the tolerances of the kernel contract come from: rounding errors of formats and of sums.
 *
 * @param accumulation unit roundoff of the format that sums accumulate in, half the distance from 1 to the next number
 * @param operand unit roundoff to which a matrix product may round operands that are wider; 0 if it takes them as they
 *     are
 */
public record ErrorModel(double accumulation, double operand) {
    /** Sums in F32, operands as they are. */
    public static final ErrorModel F32 = new ErrorModel(0x1p-24, 0);

    /** Sums in F32, operands of matrix products in BF16. */
    public static final ErrorModel BF16 = new ErrorModel(0x1p-24, 0x1p-8);

    /** The model for a device with these activations. */
    public static ErrorModel of(ActivationFormats formats) {
        return formats.compute() == Format.BF16 ? BF16 : F32;
    }

    /** Unit roundoff of a floating format: the largest relative error of rounding to nearest. */
    public static double roundoff(Format format) {
        return switch (format) {
            case F64 -> 0x1p-53;
            case F32 -> 0x1p-24;
            case F16 -> 0x1p-11;
            case BF16 -> 0x1p-8;
            case F8_E4M3 -> 0x1p-4;
            case F8_E5M2 -> 0x1p-3;
            default -> throw new IllegalArgumentException("expected a floating format, got " + format);
        };
    }

    /** Absolute error that a format may make near zero: subnormal numbers may be flushed. */
    public static double smallest(Format format) {
        return format == Format.F16 ? 0x1p-24 : 0x1p-126;
    }

    /**
     * Relative error of a sum, to be multiplied with the sum of the terms' magnitudes. The worst case grows with the
     * number of terms; rounding errors of a fixed order behave like a random walk, of which this is four sigmas and more,
     * and a few roundings around it.
     */
    public double sum(long terms) {
        return accumulation * (4 + 2 * Math.sqrt((double) terms));
    }

    /** Relative error by which an operand of this format may be rounded before a matrix product. */
    public double operandError(Format format) {
        return format.isFloat() && roundoff(format) < operand ? operand : 0;
    }

    /** Bound for a value that is computed within {@code slack} and then stored in a format. */
    public static double stored(double value, double slack, Format format) {
        return slack + roundoff(format) * (Math.abs(value) + slack) * 1.001 + smallest(format);
    }
}
