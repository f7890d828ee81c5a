package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.ops.Ops;
import io.wan4j.spi.Device;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ptx.LaunchReport;
import io.wan4j.testkit.ptx.SimulatorOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Products on warp groups beyond one tile and one turn of the ring, against the products on single warps. */
class HopperProductsTest {
    private static final int ROWS = 133;

    private final SimulatedCudaDriver driver = SimulatedDevices.hopper(SimulatorOptions.full());
    private final List<LaunchReport> reports = new ArrayList<>();

    /** One product; reports of its launches are added. */
    private float[] product(ProductKernels products, Format format, int columns, int depth) {
        Random random = new Random(5);
        try (Device device = SimulatedDevices.open(driver, products);
                Ops ops = Ops.on(device)) {
            Tensor x = values(device, random, format, ROWS, depth);
            Tensor w = values(device, random, format, columns, depth);
            Tensor bias = ops.upload(floats(random, columns), columns);
            boolean codes = format.isCode();
            Tensor input = codes ? Tensor.ofCodes(x, ops.upload(floats(random, ROWS), ROWS)) : x;
            Tensor scales = ops.upload(floats(random, columns), columns);
            Linear layer = new Linear(
                    "test",
                    codes ? new Scaled(w, scales, ActivationMode.DYNAMIC_8BIT) : new Dense(w),
                    Optional.of(bias),
                    List.of());
            Tensor out = ops.allocate(Shape.of(ROWS, columns), Format.F32);
            driver.listen(reports::add);
            device.kernels().linear(input, layer, Epilogue.STORE, out);
            driver.listen(report -> {});
            return ops.download(out);
        }
    }

    private static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = 0.5f + random.nextFloat();
        }
        return values;
    }

    private static Tensor values(Device device, Random random, Format format, int rows, int columns) {
        Tensor tensor = device.memory().workspace().allocate(Shape.of(rows, columns), format);
        byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
        random.nextBytes(bytes);
        int top = format.bytes() - 1;
        for (int i = 0; i < bytes.length; i++) {
            if (format != Format.I8 && i % format.bytes() == top) {
                bytes[i] &= (byte) 0xbf; // below 2
            }
        }
        device.memory().upload(ByteBuffer.wrap(bytes), tensor);
        return tensor;
    }

    /** 133 x 530 is six tiles of 128 x 256 and ten of 128 x 128 for two multiprocessors; 7 slices turn the ring. */
    @ParameterizedTest
    @CsvSource({"BF16, 400, large", "I8, 880, large", "F8_E4M3, 880, medium"})
    void tilesAfterOneAnotherGiveWhatSingleWarpsGive(Format format, int depth, String tile) {
        float[] expected = product(ProductKernels.WARPS, format, 530, depth);
        float[] actual = product(ProductKernels.WARP_GROUPS, format, 530, depth);
        assertThat(reports)
                .extracting(LaunchReport::kernel)
                .last()
                .isEqualTo("gemm_group_" + Launcher.name(format) + "_f32_" + tile);
        // sums of depth terms below 4 in F32, in another order where they are not integers
        double bound = format == Format.I8 ? 0 : 2.0 * depth * 4 * depth * 0x1p-24 * 2.25;
        for (int i = 0; i < expected.length; i++) {
            assertThat(Math.abs((double) actual[i] - expected[i]))
                    .as("element " + i)
                    .isLessThanOrEqualTo(bound);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"BF16", "I8", "F8_E4M3"})
    void sharedMemoryHasNoConflicts(Format format) {
        product(ProductKernels.WARP_GROUPS, format, 260, 144);
        assertThat(reports).hasSize(1);
        assertThat(reports.get(0).bankConflicts()).as(reports.get(0).toString()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"AUTO, 530, true", "AUTO, 60, false", "WARPS, 530, false", "WARP_GROUPS, 60, true"})
    void smallProductsStayWithSingleWarpsUnlessAskedFor(ProductKernels products, int columns, boolean groups) {
        product(products, Format.I8, columns, 64);
        assertThat(reports).hasSize(1);
        assertThat(reports.get(0).kernel().startsWith("gemm_group_")).isEqualTo(groups);
    }
}
