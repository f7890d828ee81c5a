package io.wan4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.dry.DryDevice;
import io.wan4j.ops.FiniteCheckDevice;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Memory;
import org.junit.jupiter.api.Test;

class FingerprintTest {
    /** A device that computes in a way of its own. */
    private record Choosing(Device device, String choices) implements Device {
        @Override
        public String name() {
            return device.name();
        }

        @Override
        public String description() {
            return device.description();
        }

        @Override
        public ActivationFormats formats() {
            return device.formats();
        }

        @Override
        public Memory memory() {
            return device.memory();
        }

        @Override
        public Kernels kernels() {
            return device.kernels();
        }

        @Override
        public void synchronize() {
            device.synchronize();
        }

        @Override
        public void close() {
            device.close();
        }
    }

    @Test
    void devicesThatComputeOtherwiseHaveOtherFingerprints() {
        try (Device dry = new DryDevice(ActivationFormats.BF16)) {
            Fingerprint plain = new Fingerprint(Fingerprint.of(dry));
            Fingerprint quantised = new Fingerprint(Fingerprint.of(new Choosing(dry, "8-bit attention")));
            assertThat(quantised.differences(plain.entries()))
                    .singleElement()
                    .asString()
                    .contains("8-bit attention");
        }
    }

    @Test
    void lookingForFaultsChangesNothing() {
        try (Device dry = new DryDevice(ActivationFormats.BF16)) {
            Device choosing = new Choosing(dry, "8-bit attention");
            assertThat(Fingerprint.of(new FiniteCheckDevice(choosing))).isEqualTo(Fingerprint.of(choosing));
        }
    }
}
