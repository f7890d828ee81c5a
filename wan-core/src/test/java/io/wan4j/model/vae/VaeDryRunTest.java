package io.wan4j.model.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.wan4j.dry.DryDevice;
import io.wan4j.model.vae.VaeEncoder.Repetition;
import io.wan4j.spi.ActivationFormats;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Full size without data: shapes, names, memory, work. */
class VaeDryRunTest {
    private static final int HEIGHT = 480;
    private static final int WIDTH = 832;

    private record Cost(long weights, long caches, long workspace, long flops) {
        long run() {
            return caches + workspace;
        }
    }

    private static Cost encode(ActivationFormats formats, int frames, Repetition repetition) throws IOException {
        DryDevice device = new DryDevice(formats);
        try (VaeEncoder encoder = VaeEncoder.load(VaeConfig.wan21(), ShapeSource.published(), device)) {
            VideoFrames video = VideoFrames.picture(new float[3 * HEIGHT * WIDTH], frames, HEIGHT, WIDTH);
            // A first frame unlike the grey ones that follow.
            video.frame(0)[0] = 1;
            Latents latents = encoder.encode(video, repetition, VaeListener.NONE);
            assertThat(latents.frames()).isEqualTo((frames - 1) / 4 + 1);
            assertThat(latents.height()).isEqualTo(HEIGHT / 8);
            assertThat(latents.width()).isEqualTo(WIDTH / 8);
            return cost(device, encoder.weightBytes());
        }
    }

    private static Cost decode(ActivationFormats formats, int latentFrames) throws IOException {
        DryDevice device = new DryDevice(formats);
        try (VaeDecoder decoder = VaeDecoder.load(VaeConfig.wan21(), ShapeSource.published(), device)) {
            int[] pictures = {0};
            decoder.decode(
                    Latents.zeros(16, latentFrames, HEIGHT / 8, WIDTH / 8),
                    picture -> {
                        assertThat(picture.index()).isEqualTo(pictures[0]++);
                        assertThat(picture.values()).hasSize(3 * HEIGHT * WIDTH);
                    },
                    VaeListener.NONE);
            assertThat(pictures[0]).isEqualTo(4 * latentFrames - 3);
            return cost(device, decoder.weightBytes());
        }
    }

    private static Cost cost(DryDevice device, long weights) {
        assertThat(device.memory().workspace().mark()).isZero();
        assertThat(device.memory().inArenas()).isEqualTo(weights);
        return new Cost(
                weights,
                device.peakInArenas() - weights,
                device.memory().workspace().peak(),
                device.work().flops());
    }

    @Test
    void workIsThatOfThePublishedModelWithoutItsProductsWithMissingFrames() throws IOException {
        assertThat(encode(ActivationFormats.F32, 81, Repetition.RECOMPUTE).flops() / 1e12)
                .isCloseTo(161.2, within(0.1));
        assertThat(decode(ActivationFormats.F32, 21).flops() / 1e12).isCloseTo(271.3, within(0.1));
        assertThat(encode(ActivationFormats.F32, 1, Repetition.REUSE).flops() / 1e12)
                .isCloseTo(0.99, within(0.01));
        assertThat(decode(ActivationFormats.F32, 1).flops() / 1e12).isCloseTo(1.70, within(0.01));
    }

    @Test
    void greyFramesCostAQuarter() throws IOException {
        assertThat(encode(ActivationFormats.F32, 81, Repetition.REUSE).flops() / 1e12)
                .isLessThan(44);
    }

    @Test
    void greyFramesCostNothingOnceEveryLayerHasSettled() throws IOException {
        long before = encode(ActivationFormats.F32, 121, Repetition.REUSE).flops();
        long after = encode(ActivationFormats.F32, 129, Repetition.REUSE).flops();
        // Two latent frames more, for which only the last 1x1x1 layer runs.
        assertThat(after - before).isEqualTo(2 * 2L * 60 * 104 * 32 * 32);
    }

    @Test
    void memoryDoesNotGrowWithFrames() throws IOException {
        Cost encodeFew = encode(ActivationFormats.BF16, 5, Repetition.RECOMPUTE);
        Cost encodeMany = encode(ActivationFormats.BF16, 21, Repetition.RECOMPUTE);
        assertThat(encodeMany.run()).isEqualTo(encodeFew.run());
        Cost decodeFew = decode(ActivationFormats.BF16, 2);
        Cost decodeMany = decode(ActivationFormats.BF16, 6);
        assertThat(decodeMany.run()).isEqualTo(decodeFew.run());
    }

    @Test
    void fullSizeFitsInto4GiB() throws IOException {
        long limit = 4L << 30;
        Cost encode = encode(ActivationFormats.BF16, 5, Repetition.REUSE);
        assertThat(encode.run() + encode.weights()).isLessThan(limit * 5 / 8);
        Cost decode = decode(ActivationFormats.BF16, 2);
        assertThat(decode.run() + decode.weights()).isLessThan(limit * 3 / 4);
    }
}
