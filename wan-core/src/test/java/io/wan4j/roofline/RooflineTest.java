package io.wan4j.roofline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.wan4j.cpu.ReferenceProvider;
import io.wan4j.dry.Work;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.tensor.Format;
import org.junit.jupiter.api.Test;

class RooflineTest {
    private static final Ceilings ROUND = new Ceilings("round", 1, 2, 4, 8, 10, "test");

    @Test
    void boundAddsTheTimesOfAllFormats() {
        Bound bound = ROUND.bound(new Work(2, 8, 4, 2, 4, 10), Format.BF16);
        assertThat(bound.compute()).isEqualTo(8 / 2.0 + 1 + 1);
        assertThat(bound.memory()).isEqualTo(1);
        assertThat(bound.seconds()).isEqualTo(6);
        assertThat(bound.isMemoryBound()).isFalse();
        assertThat(bound.fraction(12)).isEqualTo(0.5);
    }

    @Test
    void memoryBoundsWhatHasLittleArithmetic() {
        Bound bound = ROUND.bound(new Work(1, 0, 0, 0, 0, 100), Format.F32);
        assertThat(bound.isMemoryBound()).isTrue();
        assertThat(bound.seconds()).isEqualTo(10);
    }

    @Test
    void stepOfTheLargeModelTakesAtLeastFourteenSecondsOnASmallCard() {
        Ceilings card = KnownDevices.in("NVIDIA GeForce RTX 4060, 8 GB").orElseThrow();
        assertThat(card.device()).isEqualTo("RTX 4060");
        Work step = new Work(0, 786_000_000_000_000L, 0, 900_000_000_000_000L, 0, 0);
        assertThat(card.fastest(step).seconds()).isEqualTo(13.9, within(0.05));
    }

    @Test
    void longestNameWins() {
        assertThat(KnownDevices.in("NVIDIA GeForce RTX 4060 Ti"))
                .hasValueSatisfying(card -> assertThat(card.device()).isEqualTo("RTX 4060 Ti"));
        assertThat(KnownDevices.in("reference")).isEmpty();
    }

    @Test
    void anyDeviceCanBeMeasured() {
        try (Device device = new ReferenceProvider().open(DeviceOptions.DEFAULT)) {
            Ceilings measured = Calibration.of(device);
            assertThat(measured.f32()).isPositive();
            assertThat(measured.int8()).isPositive();
            assertThat(measured.bytes()).isPositive();
            assertThat(device.memory().inArenas()).isZero();
            assertThat(device.memory().workspace().mark()).isZero();
        }
    }
}
