package io.wan4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.dry.DryDevice;
import io.wan4j.ops.FiniteCheckDevice;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.DelegatingDevice;
import io.wan4j.spi.Device;
import org.junit.jupiter.api.Test;

class FingerprintTest {
    /** A device that computes in a way of its own. */
    private static final class Choosing extends DelegatingDevice {
        private final String choices;

        Choosing(Device device, String choices) {
            super(device);
            this.choices = choices;
        }

        @Override
        public String choices() {
            return choices;
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
