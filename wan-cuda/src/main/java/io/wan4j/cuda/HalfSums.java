package io.wan4j.cuda;

import io.wan4j.cuda.MatrixProduct.Operand;
import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.driver.KernelArguments;
import io.wan4j.tensor.Format;

/**
 * Products of E4M3 codes that are summed in F16, 64 at a time: see {@code gemm_e4m3_half.cu} and docs/cuda.md. Their input
 * is divided by {@link #FACTOR} before, so that no partial sum leaves F16.
 */
final class HalfSums {
    /** What the result must be multiplied with. */
    static final float FACTOR = 256;

    /** Products that are summed in F16 before they join an F32 sum. */
    static final int GROUP = 64;

    /** The first architecture after 8.9 on which sums in F16 are faster. */
    private static final ComputeCapability LATER = new ComputeCapability(12, 0);

    private static final int THREADS = 256;

    private final Launcher launcher;
    private final boolean wanted;

    HalfSums(Launcher launcher, CudaSettings.Fp8Sums sums) {
        this.launcher = launcher;
        this.wanted = sums == CudaSettings.Fp8Sums.F16;
    }

    /** Whether sums in F16 are faster there, and built. */
    static boolean isFor(ComputeCapability capability) {
        return capability.equals(ComputeCapability.FIRST_WITH_FP8) || capability.isAtLeast(LATER);
    }

    /** Whether products in this arithmetic are summed in F16. */
    boolean serves(Format arithmetic) {
        return wanted && arithmetic == Format.F8_E4M3 && isFor(launcher.capability());
    }

    /** Divides so many rows by {@link #FACTOR}; both operands have whole pieces and the same pitch, and may be the same. */
    void shrink(Operand from, Operand to, long rows, Object what) {
        long pieces = rows * from.pitch() / WeightPlacement.PIECE;
        KernelArguments arguments = new KernelArguments()
                .pointer(from.address())
                .pointer(to.address())
                .int64(pieces);
        launcher.launch(
                Launcher.Call.of("shrink_codes", "shrink_codes_e4m3", Launcher.blocks(pieces, THREADS), THREADS),
                arguments,
                what);
    }
}
