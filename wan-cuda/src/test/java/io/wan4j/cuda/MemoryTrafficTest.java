package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Device;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ptx.LaunchReport;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Matrix products and attention at sizes that fill their largest tiles: no bank conflicts in shared memory, and every
 * read of an operand moves 16 bytes a lane.
 */
class MemoryTrafficTest {
    private final SimulatedCudaDriver driver = SimulatedDevices.driver();
    private final Device device = SimulatedDevices.open(driver, ActivationFormats.BF16);
    private final List<LaunchReport> reports = new ArrayList<>();
    private final Random random = new Random(7);

    @AfterEach
    void close() {
        device.close();
    }

    private Tensor tensor(Format format, long... dims) {
        Tensor tensor = device.memory().workspace().allocate(Shape.of(dims), format);
        byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
        random.nextBytes(bytes);
        for (int i = 0; i < bytes.length; i++) {
            // finite and small in every format: exponents below that of 1
            int top = format.bytes() - 1;
            if (format != Format.I8 && i % format.bytes() == top) {
                bytes[i] &= (byte) 0xbf;
            }
        }
        device.memory().upload(ByteBuffer.wrap(bytes), tensor);
        return tensor;
    }

    private Linear layer(Format format, long in, long out) {
        Tensor bias = tensor(Format.F32, out);
        Tensor values = tensor(format, out, in);
        return new Linear(
                "test",
                format.isCode()
                        ? new Scaled(values, tensor(Format.F32, out), ActivationMode.DYNAMIC_8BIT)
                        : new Dense(values),
                Optional.of(bias),
                List.of());
    }

    private LaunchReport only(String kernel) {
        assertThat(reports).extracting(LaunchReport::kernel).containsExactly(kernel);
        return reports.get(0);
    }

    /** Global reads through asynchronous copies, all of 16 bytes, and nothing in shared memory that conflicts. */
    private static void assertFullWidth(LaunchReport report) {
        assertThat(report.bankConflicts()).as(report.toString()).isZero();
        assertThat(report.sites())
                .filteredOn(site -> site.instruction().startsWith("cp.async"))
                .isNotEmpty()
                .allSatisfy(site -> {
                    assertThat(site.width()).isEqualTo(16);
                    assertThat(site.sectors()).as(site.toString()).isEqualTo(site.idealSectors());
                });
    }

    @ParameterizedTest
    @EnumSource(
            value = Format.class,
            names = {"BF16", "I8", "F8_E4M3"})
    void largeProductHasNoConflictsAndFullReads(Format format) {
        int depth = 128 / format.bytes() + 32;
        Tensor x = tensor(format, 120, depth);
        if (format.isCode()) {
            x = Tensor.ofCodes(x, tensor(Format.F32, 120));
        }
        Linear layer = layer(format, depth, 256);
        Tensor out = tensor(Format.F32, 120, 256);
        driver.listen(reports::add);
        device.kernels().linear(x, layer, Epilogue.ADD_TO, out);
        assertFullWidth(only("gemm_" + Launcher.name(format) + "_f32_large"));
    }

    @Test
    void mediumAndSmallProductsHaveNoConflicts() {
        Linear medium = layer(Format.I8, 96, 128);
        Linear small = layer(Format.I8, 96, 40);
        Tensor x = Tensor.ofCodes(tensor(Format.I8, 100, 96), tensor(Format.F32, 100));
        Tensor wide = tensor(Format.BF16, 100, 128);
        Tensor narrow = tensor(Format.BF16, 100, 40);
        driver.listen(reports::add);
        device.kernels().linear(x, medium, Epilogue.STORE, wide);
        device.kernels().linear(x, small, Epilogue.STORE, narrow);
        assertThat(reports)
                .extracting(LaunchReport::kernel)
                .containsExactly("gemm_s8_bf16_medium", "gemm_s8_bf16_small");
        reports.forEach(MemoryTrafficTest::assertFullWidth);
    }

    @Test
    void selfAttentionHasNoConflictsAndFullReads() {
        Tensor q = tensor(Format.BF16, 130, 2 * 128);
        Tensor k = tensor(Format.BF16, 130, 2 * 128);
        Tensor v = tensor(Format.BF16, 130, 2 * 128);
        Tensor out = tensor(Format.BF16, 130, 2 * 128);
        driver.listen(reports::add);
        device.kernels().attention(q, List.of(new KeyValue(k, v)), AttentionSpec.scaled(2, 128), out);
        assertFullWidth(only("attention_bf16_128"));
    }

    @Test
    void crossAttentionHasNoConflictsAndFullReads() {
        Tensor q = tensor(Format.BF16, 70, 2 * 128);
        KeyValue image = new KeyValue(tensor(Format.BF16, 33, 2 * 128), tensor(Format.BF16, 33, 2 * 128));
        KeyValue text = new KeyValue(tensor(Format.BF16, 40, 2 * 128), tensor(Format.BF16, 40, 2 * 128));
        Tensor out = tensor(Format.BF16, 70, 2 * 128);
        driver.listen(reports::add);
        device.kernels().attention(q, List.of(image, text), AttentionSpec.scaled(2, 128), out);
        assertFullWidth(only("attention_bf16_128_general"));
    }

    @Test
    void convolutionHasNoConflictsAndFullReads() {
        Tensor past = tensor(Format.BF16, 2, 8, 9, 32);
        Tensor x = tensor(Format.BF16, 1, 8, 9, 32);
        Tensor weight = tensor(Format.BF16, 96, 32, 3, 3, 3);
        Tensor out = tensor(Format.BF16, 1, 8, 9, 96);
        Convolution layer =
                new Convolution("test", new Dense(weight), tensor(Format.F32, 96), Convolution.Geometry.SAME_3);
        driver.listen(reports::add);
        device.kernels().convolution(past, x, layer, Epilogue.STORE, out);
        LaunchReport report = only("convolution_bf16_bf16_bf16_medium");
        assertThat(report.bankConflicts()).as(report.toString()).isZero();
        assertThat(report.sites())
                .filteredOn(site -> site.instruction().startsWith("cp.async"))
                .isNotEmpty()
                .allSatisfy(site -> assertThat(site.width()).isEqualTo(16));
    }
}
