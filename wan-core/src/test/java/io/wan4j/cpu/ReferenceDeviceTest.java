package io.wan4j.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.wan4j.ops.Ops;
import io.wan4j.spi.Activation;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.DeviceProvider;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class ReferenceDeviceTest {
    @Test
    void isFoundByTheServiceLoader() {
        assertThat(ServiceLoader.load(DeviceProvider.class))
                .anySatisfy(provider -> assertThat(provider.name()).isEqualTo("reference"));
    }

    @Test
    void smallLinearIsWhatThePencilSays() {
        try (Device device = new ReferenceProvider().open(DeviceOptions.DEFAULT);
                Ops ops = Ops.on(device)) {
            Tensor x = ops.upload(new float[] {1, 2, 3, -1, 0, 1}, 2, 3);
            Tensor w = ops.upload(new float[] {1, 0, 0, 1, 1, 1}, 2, 3);
            Tensor b = ops.upload(new float[] {0.5f, -1}, 2);
            Tensor y = ops.linear(x, new Linear("layer", new Dense(w), Optional.of(b), List.of()));
            assertThat(ops.download(y)).containsExactly(1.5f, 5, -0.5f, -1);
        }
    }

    @Test
    void resultsDoNotDependOnTheNumberOfThreads() {
        assertThat(product(1)).isEqualTo(product(2)).isEqualTo(product(3));
    }

    private static float[] product(int threads) {
        try (Device device = new ReferenceDevice(DeviceOptions.DEFAULT.withThreads(threads));
                Ops ops = Ops.on(device)) {
            float[] values = new float[300 * 77];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) Math.sin(i);
            }
            Tensor x = ops.upload(values, 300, 77);
            Tensor w = ops.upload(values, 300, 77);
            Linear layer = new Linear("layer", new Dense(w), Optional.empty(), List.of());
            return ops.download(ops.linear(x, layer, Activation.SILU, Format.F32));
        }
    }

    @Test
    void errorFunctionIsExactToTenDigits() {
        double[] arguments = {0, 0.001, 0.1, 0.5, 1, 1.5, 2, 3, 4, 7};
        double[] expected = {
            0,
            0.0011283787907,
            0.1124629160183,
            0.5204998778130,
            0.8427007929497,
            0.9661051464753,
            0.9953222650190,
            0.9999779095030,
            0.9999999845827,
            1
        };
        for (int i = 0; i < arguments.length; i++) {
            assertThat(Erf.of(arguments[i])).isCloseTo(expected[i], within(1e-10));
            assertThat(Erf.of(-arguments[i])).isCloseTo(-expected[i], within(1e-10));
        }
    }
}
