package io.wan4j.cuda;

import static io.wan4j.cuda.AttentionInputs.COLUMNS;
import static io.wan4j.cuda.AttentionInputs.ROWS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.wan4j.cuda.AttentionInputs.Kind;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Relative L2 error of attention against double precision: by the 8-bit kernels and the BF16 kernel on the simulator,
 * and by 8-bit codes without the smoothing of k. The figures are compared with a committed table.
 */
class AttentionErrorTest {
    private static final List<Integer> LENGTHS = List.of(64, 512, 2048);
    private static final String HEAD = "inputs\tkeys\tint8\texpected\tint8_unsmoothed\texpected_unsmoothed\tbf16";

    /** P and the result are rounded to BF16, by half a step of 2^-8 each. */
    private static final double BF16_ERROR = 0x1p-8;

    /** P and v are rounded to F16, the result to BF16. */
    private static final double OTHER_ROUNDINGS = 0x1p-9 + 2 * 0x1p-11;

    private static final List<Measured> MEASURED = new ArrayList<>();
    private static final List<String> KERNELS = new ArrayList<>();

    /** Errors of one case, relative; {@code oracle} is that of 8-bit codes computed in plain Java. */
    private record Measured(
            AttentionInputs inputs,
            double kernel,
            double oracle,
            double expected,
            double unsmoothed,
            double expectedUnsmoothed,
            double bf16) {

        String row() {
            return String.format(
                    Locale.ROOT,
                    "%s\t%d\t%.3f%%\t%.3f%%\t%.3f%%\t%.3f%%\t%.3f%%",
                    inputs.kind().title(),
                    inputs.keys(),
                    100 * kernel,
                    100 * expected,
                    100 * unsmoothed,
                    100 * expectedUnsmoothed,
                    100 * bf16);
        }
    }

    @BeforeAll
    static void measure() {
        try (Device quantised = open(true);
                Device plain = open(false)) {
            for (Kind kind : Kind.values()) {
                for (int keys : LENGTHS) {
                    AttentionInputs inputs = AttentionInputs.of(kind, keys);
                    AttentionOracle8Bit oracle = new AttentionOracle8Bit(inputs);
                    double[] exact = oracle.exact();
                    MEASURED.add(new Measured(
                            inputs,
                            AttentionOracle8Bit.relative(attend(quantised, inputs), exact),
                            AttentionOracle8Bit.relative(oracle.coded(true), exact),
                            oracle.expectedError(true, exact),
                            AttentionOracle8Bit.relative(oracle.coded(false), exact),
                            oracle.expectedError(false, exact),
                            AttentionOracle8Bit.relative(attend(plain, inputs), exact)));
                }
            }
        }
    }

    private static Device open(boolean quantised) {
        SimulatedCudaDriver driver = SimulatedDevices.fastDriver();
        driver.listen(report -> KERNELS.add(report.kernel()));
        MemorySizes sizes = new MemorySizes(64L << 20, 64L << 10, 4L << 20, 64 << 10, 0);
        return CudaDevice.open(
                driver,
                driver.info(),
                DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16).withQuantisedAttention(quantised),
                sizes);
    }

    private static double[] attend(Device device, AttentionInputs inputs) {
        long mark = device.memory().workspace().mark();
        Tensor out = device.memory().workspace().allocate(Shape.of(ROWS, COLUMNS), Format.BF16);
        Tensor k = upload(device, inputs.k());
        Tensor v = upload(device, inputs.v());
        device.kernels()
                .attention(
                        upload(device, inputs.q()), List.of(new KeyValue(k, v)), AttentionSpec.scaled(1, COLUMNS), out);
        ByteBuffer bytes = ByteBuffer.allocate((int) out.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        device.memory().download(out, bytes);
        device.memory().workspace().rewind(mark);
        double[] values = new double[ROWS * COLUMNS];
        for (int i = 0; i < values.length; i++) {
            values[i] = FloatCodec.bf16ToFloat(bytes.getShort(2 * i));
        }
        return values;
    }

    private static Tensor upload(Device device, float[] values) {
        Tensor tensor = device.memory().workspace().allocate(Shape.of(values.length / COLUMNS, COLUMNS), Format.BF16);
        ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        FloatCodec.encode(Format.BF16, values, 0, values.length, bytes, 0);
        device.memory().upload(bytes, tensor);
        return tensor;
    }

    @Test
    void bothKernelsRanOnceForEachCase() {
        assertThat(MEASURED).hasSize(LENGTHS.size() * Kind.values().length);
        assertThat(KERNELS).filteredOn("attention_s8_128"::equals).hasSize(MEASURED.size());
        assertThat(KERNELS).filteredOn("attention_bf16_128"::equals).hasSize(MEASURED.size());
    }

    @Test
    void errorsAreWhatIndependentRoundingsLeadTo() {
        assertThat(MEASURED).allSatisfy(one -> {
            assertThat(one.kernel()).as(one.row()).isLessThan(1.25 * one.expected() + OTHER_ROUNDINGS);
            assertThat(one.unsmoothed()).as(one.row()).isLessThan(1.25 * one.expectedUnsmoothed() + OTHER_ROUNDINGS);
            assertThat(one.bf16()).as(one.row()).isLessThan(BF16_ERROR);
        });
    }

    @Test
    void kernelErrsLikeTheOracle() {
        assertThat(MEASURED)
                .allSatisfy(one ->
                        assertThat(one.kernel()).as(one.row()).isCloseTo(one.oracle(), within(0.05 * one.oracle())));
    }

    @Test
    void smoothingTakesAwayWhatMeansOfKeysCost() {
        for (Measured one : MEASURED) {
            Kind kind = one.inputs().kind();
            if (kind == Kind.SHARED_MEAN || kind == Kind.FAR_CHANNELS) {
                assertThat(one.kernel()).as(one.row()).isLessThan(one.unsmoothed() / 2);
            }
        }
    }

    @Test
    void committedTableIsWhatWasMeasured() throws IOException {
        List<String> built = new ArrayList<>(List.of(HEAD));
        MEASURED.forEach(one -> built.add(one.row()));
        Files.write(Path.of(System.getProperty("wan.attention.built")), built);
        assertThat(Files.readAllLines(Path.of(System.getProperty("wan.attention.table"))))
                .as("wan-cuda/attention-error.tsv; after a change of a kernel copy target/attention-error.tsv over it")
                .isEqualTo(built);
    }
}
