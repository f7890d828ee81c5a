package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.ImageToVideo;
import io.wan4j.WanPipeline;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.testkit.synth.TinyModel;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole pipelines on the simulated device. */
class PipelinesTest {
    private static final int PIPELINES = 100;
    private static final int FRAMES = 5;

    private final SimulatedCudaDriver driver = SimulatedDevices.fastDriver();

    /** Every allocation, copy and launch of a generation is asked for; nothing is computed. */
    @Test
    void hundredOpenedAndClosedLeaveNothing(@TempDir Path folder) {
        TinyModel.write(folder, 7);
        driver.hollow();
        for (int i = 0; i < PIPELINES; i++) {
            try (WanPipeline pipeline = open(folder)) {
                assertThat(driver.alive()).isPositive();
                if (i % 10 == 0) {
                    assertThat(pipeline.generate(request()).frames()).hasSize(FRAMES);
                    assertThat(driver.capture().graphLaunches()).isPositive();
                }
            }
            assertThat(driver.alive()).isZero();
        }
    }

    private WanPipeline open(Path model) {
        return WanPipeline.builder()
                .model(model)
                .device(Device.named("reference"))
                .instrument(other -> {
                    other.close();
                    return CudaDevice.open(driver, driver.info(), DeviceOptions.DEFAULT, SimulatedDevices.smallSizes());
                })
                .build();
    }

    private static ImageToVideo request() {
        byte[] rgb = new byte[3 * 48 * 40];
        new SplittableRandom(11).nextBytes(rgb);
        return ImageToVideo.of(Picture.ofRgb(new PixelSize(48, 40), rgb), "a cat surfing at dusk")
                .size(32, 16)
                .frames(FRAMES)
                .seed(42);
    }
}
