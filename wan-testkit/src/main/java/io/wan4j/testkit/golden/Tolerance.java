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
 * @param measure for F32
 * @param strict bound for F32
 * @param roundings roundings on the longest path from the inputs to this tensor in a BF16 run
 */
public record Tolerance(Measure measure, double strict, int roundings) {
    private static final double BF16_HALF_UNIT = 0x1p-9;
    private static final double AMPLIFICATION = 4;

    /** The measure for a compute format. */
    public Measure measure(Format compute) {
        return compute == Format.F32 ? measure : Measure.REL_L2;
    }

    /** The bound for a compute format. */
    public double bound(Format compute) {
        return compute == Format.F32 ? strict : AMPLIFICATION * BF16_HALF_UNIT * Math.sqrt(roundings);
    }
}
