package io.wan4j.roofline;

import io.wan4j.dry.Work;
import io.wan4j.tensor.Format;

/**
 * What a device can do at most.
 *
 * @param device its name
 * @param f32 matrix operations a second in F32, a multiply-add counted as 2
 * @param bf16 in BF16 with F32 sums
 * @param fp8 in E4M3 with F32 sums; the BF16 figure where the device has no such unit
 * @param int8 in I8 with I32 sums
 * @param bytes of memory traffic a second
 * @param source where the figures are from
 */
public record Ceilings(String device, double f32, double bf16, double fp8, double int8, double bytes, String source) {
    /** Checks that all are above 0. */
    public Ceilings {
        if (!(f32 > 0 && bf16 > 0 && fp8 > 0 && int8 > 0 && bytes > 0)) {
            throw new IllegalArgumentException("ceilings of " + device + ": expected figures above 0, got " + f32 + ", "
                    + bf16 + ", " + fp8 + ", " + int8 + ", " + bytes);
        }
    }

    /** Operations a second of products in a format; formats that no unit takes run as F32. */
    public double rate(Format format) {
        return switch (format) {
            case BF16, F16 -> bf16;
            case F8_E4M3, F8_E5M2 -> fp8;
            case I8 -> int8;
            default -> f32;
        };
    }

    /**
     * The bound of work.
     *
     * @param compute format of all products but those of linears with 8-bit operands
     */
    public Bound bound(Work work, Format compute) {
        double wide = (double) work.linearFlops() + work.attentionFlops() + work.convolutionFlops();
        return new Bound(wide / rate(compute) + work.int8Flops() / int8 + work.fp8Flops() / fp8, work.bytes() / bytes);
    }

    /** The bound if every product could be done in the fastest of the formats. */
    public Bound fastest(Work work) {
        double best = Math.max(Math.max(f32, bf16), Math.max(fp8, int8));
        return new Bound(work.flops() / best, work.bytes() / bytes);
    }
}
