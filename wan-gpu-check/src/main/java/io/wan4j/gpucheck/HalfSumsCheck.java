package io.wan4j.gpucheck;

import io.wan4j.cuda.CudaSettings;
import io.wan4j.ops.Ops;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ContractShapes.LinearShape;
import io.wan4j.testkit.WanShapes.Named;
import java.util.List;

/** Products of E4M3 codes with sums in F16: how far they are from sums in F32, and how fast. */
final class HalfSumsCheck implements Check {
    static final String UNIT = "linear_f16_sums";

    private static final CudaSettings HALF = CudaSettings.DEFAULT.withFp8Sums(CudaSettings.Fp8Sums.F16);
    private static final DeviceOptions OPTIONS = DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16);

    /** Results that are compared, and kept on the host. */
    private static final long MOST_ELEMENTS = 50_000_000;

    /**
     * Bound of the relative L2 difference. Normal codes of deviation 100: 3.2 % lie below 4 and move by at most a
     * quarter; errors of an F16 sum of 64 in any rounding are at most 64 units of 2^-10, and as a random
     * walk 8; both results are rounded to BF16.
     */
    static double bound() {
        return Math.sqrt(0.032) * 0.25 / RandomPool.CODE_DEVIATION_F8 + 8 * 0x1p-10 + 2 * 0x1p-9;
    }

    @Override
    public void run(CheckContext context) {
        List<Named<LinearShape>> shapes = context.workload().kernels().linears();
        RandomPool pool = context.pool();
        Named<LinearShape> first = shapes.get(0);
        context.attempt(first + " sums in f16 against f32", () -> error(context, first, pool));
        try (Target target = context.open(OPTIONS, HALF)) {
            for (Named<LinearShape> shape : shapes) {
                KernelCase plain = KernelCases.linear(shape, Format.F8_E4M3);
                context.attempt(
                        plain.name() + ", sums in f16",
                        () -> plain.named(plain.name() + ", sums in f16")
                                .measure(target, pool, context.workload().bench())
                                .with(Comparisons.LIKE, plain.name()));
            }
        }
    }

    private static Row error(CheckContext context, Named<LinearShape> named, RandomPool pool) {
        float[] expected = multiply(context, CudaSettings.DEFAULT, named.shape(), pool);
        float[] actual = multiply(context, HALF, named.shape(), pool);
        double error = Difference.relativeL2(expected, actual);
        return Row.ok(named + " sums in f16 against f32")
                .with("relL2", Timing.round(error))
                .with("bound", Timing.round(bound()))
                .passedIf(error <= bound());
    }

    private static float[] multiply(CheckContext context, CudaSettings settings, LinearShape shape, RandomPool pool) {
        long rows = Math.min(shape.rows(), MOST_ELEMENTS / shape.out());
        try (Target target = context.open(OPTIONS, settings);
                BenchRig rig = new BenchRig(target.device(), pool);
                Ops ops = Ops.on(target.device())) {
            Tensor x = rig.normal(Format.F8_E4M3, rows, shape.in());
            Linear layer = rig.linear(Format.F8_E4M3, shape.out(), shape.in());
            Tensor out = rig.blank(Format.BF16, rows, shape.out());
            target.device().kernels().linear(x, layer, Epilogue.STORE, out);
            return ops.download(out);
        }
    }
}
