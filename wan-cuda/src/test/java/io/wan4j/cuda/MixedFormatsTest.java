package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.wan4j.cpu.ReferenceDevice;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Linear;
import io.wan4j.spi.Rope;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import io.wan4j.testkit.MemoryTensor;
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
import org.junit.jupiter.params.provider.ValueSource;

/** Operands of formats that models do not mix, and the contract does not try: kernels that nothing else reaches. */
class MixedFormatsTest {
    /** Half a step of BF16, and of F32 sums in another order. */
    private static final double RELATIVE = 0x1p-8;

    private static final double ABSOLUTE = 1e-4;

    private final SimulatedCudaDriver driver = SimulatedDevices.driver();
    private final Device cuda = SimulatedDevices.open(driver, ActivationFormats.F32); // weights stay in F32
    private final Device reference = new ReferenceDevice(DeviceOptions.DEFAULT);
    private final List<String> launched = new ArrayList<>();

    @AfterEach
    void close() {
        cuda.close();
        reference.close();
    }

    /** Makes operands on one device: the same values on every one, rounded to BF16. */
    private record Operands(Device device, Arena arena, Random random, boolean asGiven) {
        private float[] values(long count) {
            float[] values = new float[Math.toIntExact(count)];
            for (int i = 0; i < values.length; i++) {
                values[i] = FloatCodec.bf16ToFloat(FloatCodec.floatToBf16((float) random.nextGaussian()));
            }
            return values;
        }

        Weight weight(WeightRole role, long... dims) {
            float[] values = values(Shape.of(dims).count());
            return arena.place(StoredWeight.dense(MemoryTensor.of("weight", Format.F32, values, dims)), role);
        }

        Tensor of(Format format, long... dims) {
            Tensor tensor = empty(format, dims);
            float[] values = values(tensor.shape().count());
            ByteBuffer bytes =
                    ByteBuffer.allocate(Math.toIntExact(tensor.bytes())).order(ByteOrder.LITTLE_ENDIAN);
            FloatCodec.encode(tensor.format(), values, 0, values.length, bytes, 0);
            device.memory().upload(bytes, tensor);
            return tensor;
        }

        /** F32 throughout on the reference. */
        Tensor empty(Format format, long... dims) {
            return device.memory().workspace().allocate(Shape.of(dims), asGiven ? format : Format.F32);
        }
    }

    /** Calls a kernel and gives its result. */
    private interface Call {
        Tensor run(Kernels kernels, Operands operands);
    }

    private static float[] run(Device device, boolean asGiven, Call call) {
        try (Arena arena = device.memory().arena()) {
            Tensor out = call.run(device.kernels(), new Operands(device, arena, new Random(3), asGiven));
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(out.bytes())).order(ByteOrder.LITTLE_ENDIAN);
            device.memory().download(out, bytes);
            float[] values = new float[Math.toIntExact(out.shape().count())];
            FloatCodec.decode(out.format(), bytes, 0, values, 0, values.length);
            return values;
        }
    }

    private void compare(String kernel, Call call) {
        driver.listen(report -> launched.add(report.kernel()));
        float[] actual = run(cuda, true, call);
        assertThat(launched).contains(kernel);
        float[] expected = run(reference, false, call);
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i])
                    .as("element " + i)
                    .isCloseTo(expected[i], within(RELATIVE * Math.abs(expected[i]) + ABSOLUTE));
        }
    }

    @ParameterizedTest
    @CsvSource({"BF16, BF16", "F32, BF16"})
    void channelsComeFirst(Format in, Format result) {
        compare("channels_first_" + Launcher.name(in) + "_" + Launcher.name(result), (kernels, make) -> {
            Tensor out = make.empty(result, 5, 2, 3, 4);
            kernels.channelsFirst(make.of(in, 2, 3, 4, 7), make.of(Format.F32, 5), make.of(Format.F32, 5), out);
            return out;
        });
    }

    @ParameterizedTest
    @CsvSource({"BF16, BF16", "BF16, F32"})
    void channelsComeLast(Format in, Format result) {
        compare("channels_last_" + Launcher.name(in) + "_" + Launcher.name(result), (kernels, make) -> {
            Tensor out = make.empty(result, 2, 3, 4, 5);
            kernels.channelsLast(make.of(in, 5, 2, 3, 4), make.of(Format.F32, 5), make.of(Format.F32, 5), out);
            return out;
        });
    }

    @ParameterizedTest
    @CsvSource({"BF16, F32", "F32, BF16"})
    void headsAreNormalisedAndTurned(Format in, Format result) {
        compare("rms_norm_rope_" + Launcher.name(in) + "_" + Launcher.name(result), (kernels, make) -> {
            Tensor out = make.empty(result, 3, 2 * 16);
            Rope rope = new Rope(make.of(Format.F32, 3, 8, 2), 2);
            kernels.rmsNormRope(make.of(in, 3, 2 * 16), make.of(Format.F32, 2 * 16), 1e-6f, rope, out);
            return out;
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"BF16", "F32"})
    void convolutionInF32TakesBf16(Format result) {
        compare("convolution_f32_bf16_" + Launcher.name(result), (kernels, make) -> {
            Tensor out = make.empty(result, 1, 4, 5, 3);
            Convolution layer = new Convolution(
                    "test",
                    make.weight(WeightRole.CONVOLUTION, 3, 6, 3, 3, 3),
                    make.of(Format.F32, 3),
                    Convolution.Geometry.SAME_3);
            kernels.convolution(
                    make.of(Format.BF16, 2, 4, 5, 6), make.of(Format.BF16, 1, 4, 5, 6), layer, Epilogue.STORE, out);
            return out;
        });
    }

    @Test
    void productInF32TakesBf16AndGivesIt() {
        compare("gemm_f32_bf16_f32_bf16", (kernels, make) -> {
            Tensor out = make.empty(Format.BF16, 5, 9);
            Linear layer = new Linear(
                    "test", make.weight(WeightRole.LINEAR, 9, 21), Optional.of(make.of(Format.F32, 9)), List.of());
            kernels.linear(make.of(Format.BF16, 5, 21), layer, Epilogue.STORE, out);
            return out;
        });
    }

    @Test
    void codesThatAreNoNumbersAreFound() {
        driver.listen(report -> launched.add(report.kernel()));
        Tensor codes = cuda.memory().workspace().allocate(Shape.of(3, 100), Format.F8_E4M3);
        byte[] bytes = new byte[300];
        bytes[7] = 0x7e; // 448, the largest
        cuda.memory().upload(ByteBuffer.wrap(bytes), codes);
        assertThat(cuda.kernels().allFinite(codes)).isTrue();
        bytes[299] = (byte) 0xff;
        cuda.memory().upload(ByteBuffer.wrap(bytes), codes);
        assertThat(cuda.kernels().allFinite(codes)).isFalse();
        assertThat(launched).containsOnly("all_finite_1");
    }
}
