package io.wan4j.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.dry.DryDevice;
import io.wan4j.error.DeviceException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class DeviceRequestTest {
    private static final DeviceProvider CPU =
            new Given("cpu", Optional.empty(), () -> new DryDevice(ActivationFormats.F32));
    private static final DeviceProvider REFUSED = new Given("gpu", Optional.of("no driver; install one"), () -> {
        throw new IllegalStateException("opened although refused");
    });
    private static final DeviceProvider BUSY = new Given("gpu", Optional.empty(), () -> {
        throw new DeviceException("gpu: in use by another program");
    });

    private record Given(String name, Optional<String> refusal, Supplier<Device> opener) implements DeviceProvider {
        @Override
        public int priority() {
            return 0;
        }

        @Override
        public Device open(DeviceOptions options) {
            return opener.get();
        }
    }

    @Test
    void autoTakesTheNextDeviceWhereOneIsRefused() {
        assertThat(Device.auto().open(List.of(REFUSED, CPU)).name()).isEqualTo("dry");
    }

    @Test
    void autoTakesTheNextDeviceWhereOneIsBusy() {
        assertThat(Device.auto().open(List.of(BUSY, CPU)).name()).isEqualTo("dry");
    }

    @Test
    void namedDeviceHasNoSubstitute() {
        assertThatThrownBy(() -> Device.named("gpu").open(List.of(REFUSED, CPU)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("no driver; install one");
        assertThatThrownBy(() -> Device.named("gpu").open(List.of(BUSY, CPU)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("in use by another program");
    }

    @Test
    void aNumberBehindTheNameChoosesAmongDevicesOfAKind() {
        assertThat(Device.named("gpu:1").provider()).contains("gpu");
        assertThat(Device.named("gpu:1").options().ordinal()).isEqualTo(1);
        assertThat(Device.named("gpu").options().ordinal()).isZero();
        assertThat(Device.named("gpu:x").provider()).contains("gpu:x");
    }

    @Test
    void noDeviceAtAllNamesEveryReason() {
        assertThatThrownBy(() -> Device.auto().open(List.of(REFUSED, BUSY)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("no driver; install one")
                .hasMessageContaining("in use by another program");
    }
}
