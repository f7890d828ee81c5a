package io.wan4j.spi;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cpu.ReferenceDevice;
import io.wan4j.ops.FiniteCheckDevice;
import io.wan4j.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class DelegatingDeviceTest {
    /** Keeps a recording, as a device with graphs does. */
    private static final class Recorded extends DelegatingDevice implements Recording {
        Recorded() {
            super(new ReferenceDevice(DeviceOptions.DEFAULT));
        }

        @Override
        public Recording recording() {
            return this;
        }

        @Override
        public void run(List<Tensor> operands, Runnable work) {
            work.run();
        }
    }

    /** Sees every kernel. */
    private static final class Watching extends DelegatingDevice {
        Watching(Device device) {
            super(device);
        }

        @Override
        public Kernels kernels() {
            return watched(super.kernels(), new KernelWatch() {});
        }
    }

    @Test
    void recordingIsThatOfTheDeviceWhichDoesEverything() {
        try (Recorded recorded = new Recorded()) {
            assertThat(new DelegatingDevice(recorded).recording()).isSameAs(recorded);
        }
    }

    @Test
    void kernelsThatAreWatchedAreCalledEachTime() {
        try (Recorded recorded = new Recorded()) {
            assertThat(new Watching(recorded).recording()).isSameAs(Recording.PLAIN);
            assertThat(new FiniteCheckDevice(recorded).recording()).isSameAs(Recording.PLAIN);
            assertThat(new DelegatingDevice(new Watching(recorded)).recording()).isSameAs(Recording.PLAIN);
        }
    }
}
