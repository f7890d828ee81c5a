package io.wan4j.testkit.golden;

import io.wan4j.tensor.Format;

/**
 * What a comparison allows.
 *
 * <p>F32 is held to the figure of the golden vectors' README. BF16 is held to a figure from the format: a value that is
 * rounded n times on its way, each time to within half a unit in the last place (2^-9), is off by about
 * {@code 2^-9 sqrt(n)} in relative L2 if the roundings are independent; four times that is allowed, since later layers
 * can amplify earlier errors.
 *
 * <p>Where inputs are quantised to 8 bits on the way, a value that is off by e before may take the next code: with
 * codes s apart (relative to the values) that happens with probability e / s and costs s, so the relative L2 grows from
 * e to {@code sqrt(e^2 + e s)}.
 *
 * @param measure for F32
 * @param strict bound for F32
 * @param roundings roundings on the longest path from the inputs to this tensor in a BF16 run
 * @param codeStep distance of neighbouring codes relative to the values, where inputs are quantised; 0 elsewhere
 */
public record Tolerance(Measure measure, double strict, int roundings, double codeStep) {
    /** E4M3 has 3 bits of mantissa: neighbours are 2^-4 to 2^-3 apart, 2^-3.5 on average of the exponents. */
    public static final double E4M3_STEP = 0.088;

    /** I8 codes are amax / 127 apart, and the largest of a row of normal values is about 4 times their size. */
    public static final double I8_STEP = 4.0 / 127;

    private static final double BF16_HALF_UNIT = 0x1p-9;
    private static final double AMPLIFICATION = 4;

    /** A tolerance without quantised inputs on the way. */
    public Tolerance(Measure measure, double strict, int roundings) {
        this(measure, strict, roundings, 0);
    }

    /** The measure for a compute format. */
    public Measure measure(Format compute) {
        return compute == Format.F32 ? measure : Measure.REL_L2;
    }

    /** The bound for a compute format. */
    public double bound(Format compute) {
        if (compute == Format.F32) {
            return strict;
        }
        double rounding = AMPLIFICATION * BF16_HALF_UNIT * Math.sqrt(roundings);
        return Math.sqrt(rounding * rounding + rounding * codeStep);
    }
}
