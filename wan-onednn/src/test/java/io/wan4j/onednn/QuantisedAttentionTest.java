package io.wan4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.ops.Ops;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Attention with q k^T in INT8 against double precision. The bound: each factor of a product errs by half a step of its
 * row, so a score is off by at most {@code m_j = scale * sum_d (|q_d| s_k + |k_d| s_q + s_q s_k / 2) / 2}, and a weight
 * relatively by {@code e^m_j W (1 + e) - 1}, where {@code W = sum_j p_j e^m_j} bounds the denominator's change and e is the
 * error of the table and of BF16.
 *
 * <p>Typically steps err independently, by {@code s / sqrt(12)}: a score's variance is {@code scale^2 sum_d (q_d^2 s_k^2 +
 * k_d^2 s_q^2) / 12}, and the result's {@code sum_j p_j^2 variance_j |v_j - out|^2}. The whole is held to twice its root.
 */
class QuantisedAttentionTest {
    /** Table of 128 fractions (0.7 %), twice for the denominator, and the product's rounding. */
    private static final double WEIGHT_ERROR = 2 * 0.007;

    /** The table's error in the mean square. */
    private static final double TYPICAL_WEIGHT_ERROR = 0.0023;

    private static final double BF16 = 1.0 / 256;
    private static final long SEED = 31;

    private static float[] rounded(float[] x) {
        for (int i = 0; i < x.length; i++) {
            x[i] = FloatCodec.bf16ToFloat(FloatCodec.floatToBf16(x[i]));
        }
        return x;
    }

    /** Rows of one head; each channel may have a mean that all rows share, some rows are far larger than the others. */
    private static float[] rows(Random random, int count, int dim, double mean, double outlier) {
        float[] x = new float[count * dim];
        double[] means = random.doubles(dim, -mean, mean + 1e-9).toArray();
        for (int r = 0; r < count; r++) {
            double factor = r % 37 == 5 ? outlier : 1;
            for (int d = 0; d < dim; d++) {
                x[r * dim + d] = (float) (random.nextGaussian() * factor * (d % 29 == 3 ? outlier : 1) + means[d]);
            }
        }
        return rounded(x);
    }

    private record Case(int dim, float[] q, float[] k, float[] v) {
        int queries() {
            return q.length / dim;
        }

        int keys() {
            return k.length / dim;
        }
    }

    private static float[] compute(Case c) {
        DeviceOptions options = DeviceOptions.DEFAULT
                .withFormats(ActivationFormats.BF16)
                .withMemoryLimit(1L << 28)
                .withQuantisedAttention(true);
        try (Device device = new OneDnnProvider().open(options);
                Ops ops = Ops.on(device)) {
            Tensor k = ops.copy(ops.upload(c.k, c.keys(), c.dim), Format.BF16);
            Tensor v = ops.copy(ops.upload(c.v, c.keys(), c.dim), Format.BF16);
            Tensor q = ops.copy(ops.upload(c.q, c.queries(), c.dim), Format.BF16);
            return ops.download(ops.attention(q, List.of(new KeyValue(k, v)), AttentionSpec.scaled(1, c.dim)));
        }
    }

    /** Exact result of a row, the bound of its error, and the typical sum of its squares. */
    private record Row(double[] exact, double[] bound, double typical) {}

    private static Row row(Case c, int r, double[] mean) {
        int dim = c.dim;
        double scale = 1 / Math.sqrt((double) dim);
        double qStep = 0;
        for (int d = 0; d < dim; d++) {
            qStep = Math.max(qStep, Math.abs(c.q[r * dim + d]) / 127.0);
        }
        double[] p = new double[c.keys()];
        double[] growth = new double[c.keys()];
        double[] variance = new double[c.keys()];
        double most = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < p.length; j++) {
            double kStep = 0;
            for (int d = 0; d < dim; d++) {
                kStep = Math.max(kStep, Math.abs(c.k[j * dim + d] - mean[d]) / 127.0);
            }
            double score = 0;
            double error = 0;
            for (int d = 0; d < dim; d++) {
                double q = c.q[r * dim + d];
                double k = c.k[j * dim + d] - mean[d];
                score += q * k;
                error += (Math.abs(q) * kStep + Math.abs(k) * qStep + qStep * kStep / 2) / 2;
                variance[j] += (q * q * kStep * kStep + k * k * qStep * qStep) / 12 * scale * scale;
            }
            p[j] = score * scale;
            growth[j] = Math.exp(error * scale);
            most = Math.max(most, p[j]);
        }
        double sum = 0;
        for (int j = 0; j < p.length; j++) {
            p[j] = Math.exp(p[j] - most);
            sum += p[j];
        }
        double denominator = 0;
        for (int j = 0; j < p.length; j++) {
            p[j] /= sum;
            denominator += p[j] * growth[j];
        }
        double[] exact = new double[dim];
        double[] bound = new double[dim];
        for (int j = 0; j < p.length; j++) {
            double error = growth[j] * denominator * (1 + WEIGHT_ERROR) - 1;
            for (int d = 0; d < dim; d++) {
                double v = c.v[j * dim + d];
                exact[d] += p[j] * v;
                bound[d] += p[j] * Math.abs(v) * error;
            }
        }
        double typical = 0;
        for (int j = 0; j < p.length; j++) {
            double spread = 0;
            for (int d = 0; d < dim; d++) {
                spread += Math.pow(c.v[j * dim + d] - exact[d], 2);
            }
            typical += p[j] * p[j] * spread * (variance[j] + TYPICAL_WEIGHT_ERROR * TYPICAL_WEIGHT_ERROR);
        }
        for (int d = 0; d < dim; d++) {
            bound[d] += (Math.abs(exact[d]) + bound[d]) * BF16;
            typical += exact[d] * exact[d] * BF16 * BF16 / 12;
        }
        return new Row(exact, bound, typical);
    }

    private static double[] mean(Case c) {
        double[] mean = new double[c.dim];
        for (int i = 0; i < c.k.length; i++) {
            mean[i % c.dim] += c.k[i] / (double) c.keys();
        }
        return mean;
    }

    @ParameterizedTest
    @CsvSource({
        "128, 40, 700, 0, 1",
        "128, 33, 1101, 6, 1",
        "128, 65, 515, 2, 4",
        "128, 1, 1, 0, 1",
        "64, 31, 97, 3, 1",
        "128, 17, 530, 0, 8",
        "128, 600, 1024, 1, 2",
    })
    void everyElementStaysWithinTheFormatsBound(int dim, int queries, int keys, double mean, double outlier) {
        Random random = new Random(SEED);
        Case c = new Case(
                dim,
                rows(random, queries, dim, 0, outlier),
                rows(random, keys, dim, mean, outlier),
                rows(random, keys, dim, 0, 1));
        float[] result = compute(c);
        double[] means = mean(c);
        double square = 0;
        double typical = 0;
        for (int r = 0; r < queries; r++) {
            Row row = row(c, r, means);
            for (int d = 0; d < dim; d++) {
                double error = result[r * dim + d] - row.exact[d];
                assertThat(Math.abs(error))
                        .as("row %d, column %d, got %s, seed %d", r, d, result[r * dim + d], SEED)
                        .isLessThanOrEqualTo(row.bound[d]);
                square += error * error;
            }
            typical += row.typical;
        }
        assertThat(Math.sqrt(square)).as("seed %d", SEED).isLessThanOrEqualTo(2 * Math.sqrt(typical));
    }

    @Test
    void notANumberStaysOne() {
        Random random = new Random(SEED);
        float[] q = rows(random, 40, 128, 0, 1);
        float[] k = rows(random, 80, 128, 0, 1);
        float[] v = rows(random, 80, 128, 0, 1);
        k[5 * 128 + 7] = Float.NaN;
        for (float x : compute(new Case(128, q, k, v))) {
            assertThat(x).isNaN();
        }
    }

    @Test
    void choiceIsTheDevicesAndTheFingerprintsToo() {
        DeviceOptions options = DeviceOptions.DEFAULT.withMemoryLimit(1L << 26);
        try (Device plain = new OneDnnProvider().open(options);
                Device quantised = new OneDnnProvider().open(options.withQuantisedAttention(true))) {
            assertThat(plain.choices()).contains("attention BF16");
            assertThat(quantised.choices()).contains("attention INT8");
        }
    }
}
