package io.wan4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.model.vae.Latents;
import io.wan4j.model.vae.VaeConfig;
import io.wan4j.model.vae.VaeDecoder;
import io.wan4j.model.vae.VaeListener;
import io.wan4j.onednn.OneDnnProvider;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.tensor.Format;
import io.wan4j.testkit.Comparison;
import io.wan4j.testkit.synth.SyntheticWeights;
import io.wan4j.testkit.synth.TensorCatalog;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The decoder that ours is compared with computes the same pictures. */
class TorchDecoderTest {
    private static final VaeConfig CONFIG = new VaeConfig(32, 16, List.of(1, 2, 4, 4), 1, List.of(false, true, true));
    private static final int FRAMES = 3;
    private static final int HEIGHT = 5;
    private static final int WIDTH = 7;
    private static final int PIXELS = 8 * HEIGHT * 8 * WIDTH;
    /** About forty layers in a row round to BF16, each independently. */
    private static final double BOUND = Math.sqrt(40) / 256;

    private final float[] values = values();

    private static float[] values() {
        Random random = new Random(3);
        float[] values = new float[16 * FRAMES * HEIGHT * WIDTH];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static SyntheticWeights weights() {
        return SyntheticWeights.dense(TensorCatalog.of(CONFIG), Format.F32, 1);
    }

    /** Pictures [frames, H, W, 3]. */
    private float[] ours(ActivationFormats formats) {
        float[] all = new float[(4 * FRAMES - 3) * PIXELS * 3];
        DeviceOptions options = DeviceOptions.DEFAULT.withFormats(formats).withMemoryLimit(1L << 30);
        try (Device device = new OneDnnProvider().open(options);
                VaeDecoder decoder = VaeDecoder.load(CONFIG, weights(), device)) {
            decoder.decode(
                    new Latents(16, FRAMES, HEIGHT, WIDTH, values),
                    frame -> {
                        for (int i = 0; i < PIXELS * 3; i++) {
                            all[frame.index() * PIXELS * 3 + i] = frame.values()[i % 3 * PIXELS + i / 3];
                        }
                    },
                    VaeListener.NONE);
        }
        return all;
    }

    private float[] torch() {
        float[] all = new float[(4 * FRAMES - 3) * PIXELS * 3];
        int[] at = {0};
        try (Libtorch data = new Libtorch()) {
            TorchDecoder decoder = new TorchDecoder(data, CONFIG, weights());
            decoder.decode(decoder.latents(values, FRAMES, HEIGHT, WIDTH), pictures -> {
                float[] chunk = TorchDecoder.values(pictures);
                System.arraycopy(chunk, 0, all, at[0], chunk.length);
                at[0] += chunk.length;
            });
        }
        assertThat(at[0]).isEqualTo(all.length);
        return all;
    }

    @Test
    void picturesAreThoseOfOursWithinTheRoundingOfBf16() {
        float[] exact = ours(ActivationFormats.F32);
        float[] torch = torch();
        float[] ours = ours(ActivationFormats.BF16);
        int first = PIXELS * 3;
        for (int from : new int[] {0, first}) {
            int to = from == 0 ? first : exact.length;
            float[] expected = Arrays.copyOfRange(exact, from, to);
            assertThat(Comparison.relativeL2("libtorch", expected, Arrays.copyOfRange(torch, from, to), BOUND)
                            .error())
                    .isLessThan(BOUND);
            assertThat(Comparison.relativeL2("ours", expected, Arrays.copyOfRange(ours, from, to), BOUND)
                            .error())
                    .isLessThan(BOUND);
        }
    }
}
