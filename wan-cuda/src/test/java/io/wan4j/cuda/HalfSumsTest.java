package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ptx.LaunchReport;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** E4M3 products with sums in F16 against products in double precision, at the bound that docs/cuda.md derives. */
class HalfSumsTest {
    private static final byte LARGEST = 0x7e;
    private static final double ROUNDING = 0x1p-10;
    private static final double GROUP_ERROR = Math.pow(1 + ROUNDING, HalfSums.GROUP) - 1;

    private final SimulatedCudaDriver driver = SimulatedDevices.driver();
    private final Device device = CudaDevice.open(
            driver,
            driver.info(),
            DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16),
            CudaSetup.of(SimulatedDevices.smallSizes(), CudaSettings.DEFAULT.withFp8Sums(CudaSettings.Fp8Sums.F16)));
    private final List<LaunchReport> reports = new ArrayList<>();
    private final Random random = new Random(11);

    @AfterEach
    void close() {
        device.close();
        assertThat(driver.alive()).isZero();
    }

    /** Codes of normal values, about {@code spread} large at one deviation. */
    private byte[] codes(int count, double spread) {
        byte[] codes = new byte[count];
        for (int i = 0; i < count; i++) {
            double value = Math.max(-448, Math.min(448, spread * random.nextGaussian()));
            codes[i] = FloatCodec.floatToE4m3((float) value);
        }
        return codes;
    }

    private float[] scales(int count) {
        float[] scales = new float[count];
        for (int i = 0; i < count; i++) {
            scales[i] = 0.001f * (1 + random.nextInt(9));
        }
        return scales;
    }

    private Tensor upload(Format format, ByteBuffer bytes, long... dims) {
        Tensor tensor = device.memory().workspace().allocate(Shape.of(dims), format);
        device.memory().upload(bytes, tensor);
        return tensor;
    }

    private Tensor floats(float[] values, long... dims) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return upload(Format.F32, bytes, dims);
    }

    private float[] download(Tensor tensor) {
        ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        device.memory().download(tensor, bytes);
        float[] values = new float[(int) tensor.shape().count()];
        FloatCodec.decode(tensor.format(), bytes, 0, values, 0, values.length);
        return values;
    }

    private record Case(int rows, int columns, int depth, byte[] x, byte[] w) {
        double x(int row, int k) {
            return FloatCodec.e4m3ToFloat(x[row * depth + k]);
        }

        double w(int column, int k) {
            return FloatCodec.e4m3ToFloat(w[column * depth + k]);
        }
    }

    private void check(Case given) {
        int rows = given.rows();
        int columns = given.columns();
        float[] rowScales = scales(rows);
        float[] columnScales = scales(columns);
        float[] bias = scales(columns);
        Tensor x = Tensor.ofCodes(
                upload(Format.F8_E4M3, ByteBuffer.wrap(given.x()), rows, given.depth()), floats(rowScales, rows));
        Linear layer = layer(given, columnScales, bias);
        Tensor out = floats(new float[rows * columns], rows, columns);
        driver.listen(reports::add);
        device.kernels().linear(x, layer, Epilogue.STORE, out);
        float[] actual = download(out);
        double squares = 0;
        double expectedSquares = 0;
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                double sum = 0;
                double miss = 0;
                double magnitude = 0;
                for (int k = 0; k < given.depth(); k++) {
                    double a = given.x(row, k);
                    double b = given.w(column, k);
                    double lost = Math.abs(a) < 4 ? 0.25 * Math.abs(b) : 0;
                    sum += a * b;
                    magnitude += Math.abs(a * b) + lost;
                    miss += lost + GROUP_ERROR * (Math.abs(a * b) + lost);
                }
                double scale = (double) rowScales[row] * columnScales[column];
                double expected = scale * sum + bias[column];
                double groups = Math.ceil((double) given.depth() / HalfSums.GROUP);
                double bound = scale * (miss + 0x1p-24 * (groups + 4) * magnitude) + 0x1p-23 * Math.abs(expected);
                double error = Math.abs(actual[row * columns + column] - expected);
                assertThat(error).as("row %d, column %d", row, column).isLessThanOrEqualTo(bound);
                squares += error * error;
                expectedSquares += expected * expected;
            }
        }
        // a group is rounded twice to nearest, errors of groups are independent, and so are those of shrunk codes
        assertThat(Math.sqrt(squares / expectedSquares)).isLessThan(2 * 0x1p-11);
    }

    private Linear layer(Case given, float[] columnScales, float[] bias) {
        return new Linear(
                "test",
                new Scaled(
                        upload(Format.F8_E4M3, ByteBuffer.wrap(given.w()), given.columns(), given.depth()),
                        floats(columnScales, given.columns()),
                        ActivationMode.DYNAMIC_8BIT),
                Optional.of(floats(bias, given.columns())),
                List.of());
    }

    @ParameterizedTest
    @CsvSource({"7, 33, 80", "64, 64, 64", "100, 128, 208", "120, 256, 160"})
    void errorIsWithinItsBound(int rows, int columns, int depth) {
        check(new Case(rows, columns, depth, codes(rows * depth, 110), codes(columns * depth, 110)));
        assertThat(reports).extracting(LaunchReport::kernel).startsWith("shrink_codes_e4m3");
        LaunchReport product = reports.get(reports.size() - 1);
        assertThat(product.kernel()).startsWith("gemm_e4m3_half_f32_");
        assertThat(product.bankConflicts()).as(product.toString()).isZero();
    }

    @Test
    void largestCodesDoNotOverflow() {
        int depth = 192;
        byte[] x = new byte[3 * depth];
        byte[] w = new byte[5 * depth];
        java.util.Arrays.fill(x, LARGEST);
        java.util.Arrays.fill(w, LARGEST);
        for (int k = 0; k < depth; k++) {
            w[depth + k] = (byte) (LARGEST | 0x80); // one column of the most negative
        }
        check(new Case(3, 5, depth, x, w));
    }

    @Test
    void smallCodesLoseHalfAStepOfTheShrunkFormat() {
        int depth = 64;
        byte[] x = codes(4 * depth, 3);
        x[0] = LARGEST;
        Case given = new Case(4, 8, depth, x, codes(8 * depth, 110));
        float[] ones = {1, 1, 1, 1, 1, 1, 1, 1};
        Tensor out = floats(new float[32], 4, 8);
        Tensor rows = Tensor.ofCodes(
                upload(Format.F8_E4M3, ByteBuffer.wrap(x), 4, depth), floats(new float[] {1, 1, 1, 1}, 4));
        device.kernels().linear(rows, layer(given, ones, new float[8]), Epilogue.STORE, out);
        float[] actual = download(out);
        for (int row = 0; row < 4; row++) {
            for (int column = 0; column < 8; column++) {
                double sum = 0;
                double bound = 0;
                for (int k = 0; k < depth; k++) {
                    double a = given.x(row, k);
                    double b = Math.abs(given.w(column, k));
                    double lost = Math.abs(a) < 4 ? 0.25 * b : 0;
                    sum += a * given.w(column, k);
                    bound += lost + GROUP_ERROR * (Math.abs(a) * b + lost);
                }
                assertThat(Math.abs(actual[row * 8 + column] - sum)).isLessThanOrEqualTo(bound + 1e-3);
            }
        }
    }

    @Test
    void partialSumsHaveRoomForEveryRounding() {
        double most = HalfSums.GROUP * 448.0 * 448.0 / HalfSums.FACTOR;
        assertThat(most * (1 + GROUP_ERROR)).isLessThan(65504);
    }

    @Test
    void activationsThatAreQuantisedOnTheWayAreShrunkInPlace() {
        Tensor x = device.memory().workspace().allocate(Shape.of(9, 48), Format.BF16);
        ByteBuffer bytes = ByteBuffer.allocate(2 * 9 * 48).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[9 * 48];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        FloatCodec.encode(Format.BF16, values, 0, values.length, bytes, 0);
        device.memory().upload(bytes, x);
        Case given = new Case(9, 16, 48, new byte[0], codes(16 * 48, 110));
        float[] ones = new float[16];
        java.util.Arrays.fill(ones, 1);
        Tensor out = floats(new float[9 * 16], 9, 16);
        driver.listen(reports::add);
        device.kernels().linear(x, layer(given, ones, new float[16]), Epilogue.STORE, out);
        assertThat(reports)
                .extracting(LaunchReport::kernel)
                .containsExactly("quantise_rows_bf16_e4m3", "shrink_codes_e4m3", "gemm_e4m3_half_f32_small");
        float[] actual = download(out);
        double error = 0;
        double size = 0;
        for (int row = 0; row < 9; row++) {
            for (int column = 0; column < 16; column++) {
                double sum = 0;
                for (int k = 0; k < 48; k++) {
                    sum += FloatCodec.bf16ToFloat(FloatCodec.floatToBf16(values[row * 48 + k])) * given.w(column, k);
                }
                error += Math.pow(actual[row * 16 + column] - sum, 2);
                size += sum * sum;
            }
        }
        // E4M3 rounds by at most 1/16, evenly spread: 1/16/sqrt(3) of each product
        assertThat(Math.sqrt(error / size)).isLessThan(1.0 / 16);
    }

    @Test
    void onlyArchitecturesWhereItIsFasterGetIt() {
        assertThat(HalfSums.isFor(new ComputeCapability(8, 9))).isTrue();
        assertThat(HalfSums.isFor(new ComputeCapability(12, 0))).isTrue();
        assertThat(HalfSums.isFor(new ComputeCapability(8, 6))).isFalse();
        assertThat(HalfSums.isFor(new ComputeCapability(9, 0))).isFalse();
        assertThat(HalfSums.isFor(new ComputeCapability(10, 0))).isFalse();
    }
}
