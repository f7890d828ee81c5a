package io.wan4j.gpucheck;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cuda.CudaSettings;
import io.wan4j.cuda.SimulatedProbe;
import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.cuda.driver.CudaProbe;
import io.wan4j.error.DeviceException;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The parts of the check on the simulated GPU, at tiny sizes. */
class SimulatedGpuTest {
    private final List<Row> rows = new ArrayList<>();
    private final CudaProbe.Usable usable = SimulatedProbe.usable();
    private final CudaProbe.Usable hopper = SimulatedProbe.hopper();

    private int run(Part part, String unit) {
        return run(usable, part, unit);
    }

    private int run(CudaProbe.Usable device, Part part, String unit) {
        CheckContext context = new CheckContext(
                Workload.of(Workload.Size.TINY),
                Path.of(System.getProperty("wan.goldens")).resolveSibling(""),
                (options, settings) -> Target.open(device, options, settings),
                rows::add,
                Progress.none());
        return UnitMain.run(part, unit, context);
    }

    @ParameterizedTest
    @CsvSource({
        "doctor, devices",
        "contract, bf16:gather",
        "contract, bf16:layer_norm",
        "contract, f32:copy",
        "contract, libraries:convolution",
        "goldens, bf16:scheduler",
        "ceiling, copy",
        "ceiling, cublaslt",
        "kernels, linear_i8",
        "kernels, linear_f8_e4m3",
        "kernels, linear_bf16",
        "kernels, attention",
        "kernels, rows",
        "kernels, convolution",
        "kernels, attention_8bit",
        "kernels, single_warps",
        "ceiling, own",
        "step, f8_e4m3",
        "step, bf16",
        "offload, i8",
        "video, i8",
        "cublaslt, linear",
        "cublaslt, whole",
        "cudnn, attention",
        "cudnn, convolution",
        "kernels, linear_f16_sums"
    })
    void unitsPassAndGiveEverythingBack(String part, String unit) {
        assertThat(run(Part.of(part), unit)).isZero();
        assertThat(rows).isNotEmpty().allMatch(row -> row.status() != Row.Status.FAILED);
        assertThat(SimulatedProbe.alive(usable)).isZero();
    }

    @Test
    void aHopperMeasuresItsProductsOnGroupsAndOnSingleWarps() {
        assertThat(run(hopper, Part.KERNELS, KernelsCheck.SINGLE_WARPS)).isZero();
        assertThat(rows)
                .hasSize(KernelCases.FORMATS.size() + 1)
                .allSatisfy(row -> assertThat(row.name()).endsWith(", mma.sync"))
                .allMatch(row -> row.status() == Row.Status.OK);
        rows.clear();
        assertThat(run(hopper, Part.CONTRACT, "groups:linear_extremes")).isZero();
        assertThat(rows).allMatch(row -> row.status() == Row.Status.OK);
        assertThat(SimulatedProbe.alive(hopper)).isZero();
    }

    @Test
    void aStepOfTheTransformerIsFiniteAndItsMemoryIsCounted() {
        assertThat(run(Part.STEP, "i8")).isZero();
        assertThat(rows).hasSize(2).allSatisfy(row -> {
            assertThat(row.status()).isEqualTo(Row.Status.OK);
            assertThat(row.values()).containsEntry("finite", true).containsKeys("ms", "rate", "devicePeak");
        });
    }

    @Test
    void samplesAreTheSameEachTimeAndFromTheWholeResult() {
        try (Target target = Target.open(usable, DeviceOptions.DEFAULT, CudaSettings.DEFAULT)) {
            for (KernelCase one : KernelCases.Group.CONVOLUTION.cases(
                    Workload.of(Workload.Size.TINY).kernels())) {
                float[] first = one.sample(target.device(), new RandomPool(1 << 20));
                float[] second = one.sample(target.device(), new RandomPool(1 << 20));
                assertThat(first).isNotEmpty().isEqualTo(second);
                assertThat(Difference.relativeL2(first, second)).isZero();
            }
        }
        assertThat(SimulatedProbe.alive(usable)).isZero();
    }

    @Test
    void memoryIsCountedAtTheDriver() {
        try (Target target = Target.open(usable, DeviceOptions.DEFAULT, CudaSettings.DEFAULT)) {
            WatchedDriver driver = target.gpu().orElseThrow().driver();
            long before = driver.held();
            var arena = target.device().memory().arena();
            arena.allocate(Shape.of(5_000_000), Format.U8);
            assertThat(driver.held() - before).isBetween(5_000_000L, 8_000_000L);
            arena.close();
            assertThat(driver.held()).isEqualTo(before);
            assertThat(driver.peak()).isGreaterThanOrEqualTo(before + 5_000_000);
        }
    }

    /** A driver that, from a launch on, refuses everything, as after an illegal address. */
    private static CudaProbe.Usable lostAfter(CudaProbe.Usable good, int launches) {
        AtomicInteger left = new AtomicInteger(launches);
        CudaDriver driver = (CudaDriver) Proxy.newProxyInstance(
                CudaDriver.class.getClassLoader(), new Class<?>[] {CudaDriver.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("launch")) {
                        left.decrementAndGet();
                    }
                    if (left.get() < 0) {
                        throw new DeviceException(method.getName() + ": an illegal memory access was encountered");
                    }
                    return method.invoke(good.driver(), arguments);
                });
        return new CudaProbe.Usable(driver, good.devices());
    }

    @Test
    void aLostDeviceEndsTheUnitAndNamesTheCase() {
        List<String> begun = new ArrayList<>();
        CudaProbe.Usable lost = lostAfter(usable, 2);
        CheckContext context = new CheckContext(
                Workload.of(Workload.Size.TINY),
                Path.of(System.getProperty("wan.goldens")).resolveSibling(""),
                (options, settings) -> Target.open(lost, options, settings),
                rows::add,
                new Progress(0, 0, (index, name) -> begun.add(name)));
        assertThat(UnitMain.run(Part.CONTRACT, "bf16:layer_norm", context)).isEqualTo(UnitMain.LOST);
        assertThat(rows).last().satisfies(row -> {
            assertThat(row.status()).isEqualTo(Row.Status.FAILED);
            assertThat(row.name()).isEqualTo(begun.get(begun.size() - 1));
        });
    }

    @Test
    void aUnitThatGoesOnLeavesOutWhatWasDone() {
        List<Integer> begun = new ArrayList<>();
        CheckContext context = new CheckContext(
                Workload.of(Workload.Size.TINY),
                Path.of(System.getProperty("wan.goldens")).resolveSibling(""),
                (options, settings) -> Target.open(usable, options, settings),
                rows::add,
                new Progress(3, 2, (index, name) -> begun.add(index)));
        assertThat(UnitMain.run(Part.CONTRACT, "bf16:copy", context)).isZero();
        assertThat(begun).startsWith(3);
        assertThat(rows).last().satisfies(row -> {
            assertThat(row.status()).isEqualTo(Row.Status.FAILED);
            assertThat(row.values())
                    .extractingByKey("passed", as(InstanceOfAssertFactories.INTEGER))
                    .isEqualTo(begun.get(begun.size() - 1) + 1 - 2);
        });
    }
}
