package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.ImageToVideo;
import io.wan4j.WanPipeline;
import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.driver.CudaProbe;
import io.wan4j.cuda.driver.DeviceInfo;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.spi.Device;
import io.wan4j.testkit.ptx.SimulatorOptions;
import io.wan4j.testkit.synth.TinyModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several simulated GPUs in one machine. */
class SeveralDevicesTest {
    private static final PixelSize SIZE = new PixelSize(32, 32);

    @TempDir
    private static Path folder = Path.of("");

    private final SimulatedCudaDriver driver = SimulatedDevices.fastDriver();

    @BeforeAll
    static void write() {
        TinyModel.write(folder.resolve("model"), 5);
    }

    private static WanPipeline pipeline(CudaProbe.Usable usable, String name) {
        int ordinal = Device.named(name).options().ordinal();
        return WanPipeline.builder()
                .model(folder.resolve("model"))
                .device(Device.named("reference"))
                .instrument(plain -> {
                    plain.close();
                    return CudaDevice.open(
                            usable.driver(),
                            CudaDevice.find(usable.devices(), ordinal),
                            Device.named(name).options(),
                            SimulatedDevices.smallSizes());
                })
                .build();
    }

    private static byte[] firstFrame(WanPipeline pipeline) {
        ImageToVideo request = ImageToVideo.of(Picture.ofRgb(SIZE, new byte[3 * SIZE.width() * SIZE.height()]), "a cat")
                .size(SIZE.width(), SIZE.height())
                .frames(1)
                .seed(3);
        return pipeline.generate(request).frames().get(0).rgb();
    }

    @Test
    void twoDevicesCarryTwoPipelinesWithTheSameResult() {
        DeviceInfo second = new DeviceInfo(1, "Simulated GPU 2", new ComputeCapability(8, 9), 256L << 20, 4, 101_376);
        SimulatedCudaDriver other = new SimulatedCudaDriver(SimulatorOptions.fast(), second);
        CudaProbe.Usable one = new CudaProbe.Usable(driver, List.of(driver.info(), second));
        CudaProbe.Usable two = new CudaProbe.Usable(other, List.of(driver.info(), second));
        try (WanPipeline first = pipeline(one, "cuda:0");
                WanPipeline beside = pipeline(two, "cuda:1")) {
            assertThat(beside.device().name()).isEqualTo("cuda:1");
            assertThat(firstFrame(beside)).isEqualTo(firstFrame(first));
        }
        assertThat(driver.alive() + other.alive()).isZero();
    }

    @Test
    void anOldGpuBesideAUsableOneIsNoReasonToRefuse() {
        DeviceInfo old = new DeviceInfo(0, "GeForce GTX 1080", new ComputeCapability(6, 1), 8L << 30, 20, 49_152);
        DeviceInfo usable = new DeviceInfo(1, "Simulated GPU 2", new ComputeCapability(8, 9), 256L << 20, 4, 101_376);
        CudaDeviceProvider provider = new CudaDeviceProvider(() -> new CudaProbe.Usable(driver, List.of(old, usable)));
        assertThat(provider.why()).isEqualTo(Optional.empty());
        try (Device device = provider.open(Device.named("cuda:1").options())) {
            assertThat(device.name()).isEqualTo("cuda:1");
        }
    }
}
