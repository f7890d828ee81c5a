package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ptx.LaunchReport;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** 8-bit attention against attention in double precision, at the bound that docs/cuda.md derives. */
class QuantisedAttentionTest {
    private static final int HEADS = 2;
    private static final int D = 128;
    private static final int COLUMNS = HEADS * D;
    private static final int ROWS = 131;
    private static final int KEYS = 150;
    private static final double SCALE = 1 / Math.sqrt(D);
    private static final double HALF_F16 = 0x1p-11;
    private static final double HALF_BF16 = 0x1p-9;

    private final SimulatedCudaDriver driver = SimulatedDevices.driver();
    private final Device device = CudaDevice.open(
            driver,
            driver.info(),
            DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16).withQuantisedAttention(true),
            SimulatedDevices.smallSizes());
    private final List<LaunchReport> reports = new ArrayList<>();
    private final Random random = new Random(5);

    private double squaredError;
    private double squaredResult;
    private double squaredScoreError;

    @AfterEach
    void close() {
        device.close();
    }

    /** Normal values about {@code offset} that differs by column, rounded to BF16. */
    private float[] values(int rows, double spread, double offset) {
        float[] values = new float[rows * COLUMNS];
        for (int i = 0; i < values.length; i++) {
            double x = spread * random.nextGaussian() + offset * Math.sin(i % COLUMNS);
            values[i] = FloatCodec.bf16ToFloat(FloatCodec.floatToBf16((float) x));
        }
        return values;
    }

    private Tensor upload(float[] values, int rows) {
        Tensor tensor = device.memory().workspace().allocate(Shape.of(rows, COLUMNS), Format.BF16);
        ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        FloatCodec.encode(Format.BF16, values, 0, values.length, bytes, 0);
        device.memory().upload(bytes, tensor);
        return tensor;
    }

    private float[] download(Tensor tensor) {
        ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        device.memory().download(tensor, bytes);
        float[] values = new float[(int) tensor.shape().count()];
        FloatCodec.decode(Format.BF16, bytes, 0, values, 0, values.length);
        return values;
    }

    @Test
    void errorIsWithinItsBoundAlsoWhereKeysHaveMuchInCommon() {
        float[] q = values(ROWS, 1, 0);
        float[] k = values(KEYS, 1, 6);
        float[] v = values(KEYS, 3, 0);
        Tensor out = upload(new float[ROWS * COLUMNS], ROWS);
        driver.listen(reports::add);
        device.kernels()
                .attention(
                        upload(q, ROWS),
                        List.of(new KeyValue(upload(k, KEYS), upload(v, KEYS))),
                        AttentionSpec.scaled(HEADS, D),
                        out);
        float[] actual = download(out);
        for (int head = 0; head < HEADS; head++) {
            for (int row = 0; row < ROWS; row++) {
                compare(q, k, v, actual, row, head * D);
            }
        }
        double relative = Math.sqrt(squaredError / squaredResult);
        double expected = Math.sqrt(squaredScoreError / (HEADS * ROWS * KEYS));
        assertThat(relative).as("relative L2, scores err by " + expected).isLessThan(2 * expected + HALF_BF16);
        assertTraffic();
    }

    private void assertTraffic() {
        assertThat(reports)
                .extracting(LaunchReport::kernel)
                .contains("attention_s8_columns", "attention_s8_codes", "attention_s8_values", "attention_s8_128");
        for (LaunchReport report : reports) {
            assertThat(report.bankConflicts()).as(report.toString()).isZero();
            assertThat(report.sites())
                    .filteredOn(site -> site.instruction().startsWith("cp.async"))
                    .allSatisfy(site -> assertThat(site.width()).isEqualTo(16));
        }
    }

    private static double largest(double[] values) {
        double largest = 1e-8;
        for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /** One row of one head, whose first column is {@code from}. */
    private void compare(float[] q, float[] k, float[] v, float[] actual, int row, int from) {
        double[] query = new double[D];
        for (int d = 0; d < D; d++) {
            query[d] = q[row * COLUMNS + from + d];
        }
        double queryStep = largest(query) / 127;
        double[] mean = mean(k, from);
        double[] score = new double[KEYS];
        double[] miss = new double[KEYS];
        double top = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < KEYS; j++) {
            double[] key = new double[D];
            for (int d = 0; d < D; d++) {
                key[d] = k[j * COLUMNS + from + d] - mean[d];
            }
            double keyStep = largest(key) / 127;
            double variance = 0;
            for (int d = 0; d < D; d++) {
                score[j] += SCALE * query[d] * key[d];
                miss[j] += SCALE
                        * (Math.abs(query[d]) * keyStep / 2
                                + Math.abs(key[d]) * queryStep / 2
                                + queryStep * keyStep / 4);
                variance += (query[d] * query[d] * keyStep * keyStep + key[d] * key[d] * queryStep * queryStep) / 12;
            }
            squaredScoreError += SCALE * SCALE * variance;
            top = Math.max(top, score[j]);
        }
        double[] weight = new double[KEYS];
        double total = 0;
        double worst = 0;
        for (int j = 0; j < KEYS; j++) {
            weight[j] = Math.exp(score[j] - top);
            total += weight[j];
            worst += weight[j] * Math.exp(miss[j]);
        }
        worst /= total;
        for (int d = 0; d < D; d++) {
            double expected = 0;
            double bound = 0;
            for (int j = 0; j < KEYS; j++) {
                double term = weight[j] / total * v[j * COLUMNS + from + d];
                expected += term;
                bound += Math.abs(term) * (Math.exp(miss[j]) * worst * (1 + 2 * HALF_F16) - 1);
            }
            double error = Math.abs(actual[row * COLUMNS + from + d] - expected);
            assertThat(error).isLessThanOrEqualTo(bound * (1 + HALF_BF16) + HALF_BF16 * Math.abs(expected) + 1e-4);
            squaredError += error * error;
            squaredResult += expected * expected;
        }
    }

    private static double[] mean(float[] k, int from) {
        double[] mean = new double[D];
        for (int j = 0; j < KEYS; j++) {
            for (int d = 0; d < D; d++) {
                mean[d] += k[j * COLUMNS + from + d] / (double) KEYS;
            }
        }
        return mean;
    }

    @Test
    void otherAttentionIsComputedAsWithoutTheOption() {
        float[] q = values(40, 1, 0);
        KeyValue image = new KeyValue(upload(values(17, 1, 0), 17), upload(values(17, 1, 0), 17));
        KeyValue text = new KeyValue(upload(values(30, 1, 0), 30), upload(values(30, 1, 0), 30));
        Tensor out = upload(new float[40 * COLUMNS], 40);
        driver.listen(reports::add);
        device.kernels().attention(upload(q, 40), List.of(image, text), AttentionSpec.scaled(HEADS, D), out);
        assertThat(reports).extracting(LaunchReport::kernel).containsExactly("attention_bf16_128_general");
    }
}
