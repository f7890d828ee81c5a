package io.wan4j.testkit.synth;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cpu.ReferenceDevice;
import io.wan4j.model.dit.Residency;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Streamed blocks on the reference device. */
class StreamedForwardTest {
    @ParameterizedTest
    @CsvSource({"0, 3", "0, 2", "1, 2", "2, 3", "4, 2"})
    void givesTheSameBytesInLessRoom(int resident, int slots) {
        StreamedForward all = forward(Residency.ALL);
        StreamedForward some = forward(new Residency(resident, slots));
        assertThat(some.velocity()).containsExactly(all.velocity());
        assertThat(some.mostInArenas()).isLessThanOrEqualTo(all.resident());
    }

    @Test
    void eachBlockThatGoesMakesRoom() {
        long before = forward(Residency.ALL).mostInArenas();
        for (int resident = 3; resident >= 0; resident--) {
            long now = forward(new Residency(resident, 2)).mostInArenas();
            assertThat(now).as(resident + " resident").isLessThan(before);
            before = now;
        }
    }

    private static StreamedForward forward(Residency residency) {
        try (Device device = new ReferenceDevice(DeviceOptions.DEFAULT)) {
            return StreamedForward.of(device, WeightEncoding.INT8, residency);
        }
    }
}
