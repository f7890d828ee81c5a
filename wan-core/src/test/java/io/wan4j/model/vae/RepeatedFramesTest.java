package io.wan4j.model.vae;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cpu.ReferenceDevice;
import io.wan4j.model.vae.VaeEncoder.Repetition;
import io.wan4j.ops.Ops;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames that repeat are left out of the computation without a bit of difference, in the latents and in every layer. */
class RepeatedFramesTest {
    private static final int HEIGHT = 16;
    private static final int WIDTH = 8;
    private static final int VALUES = 3 * HEIGHT * WIDTH;

    private final TinyVae tiny = new TinyVae();

    @AfterEach
    void close() {
        tiny.close();
    }

    /** Keeps all that the layers give. */
    private static final class Recorder implements VaeListener {
        private final List<String> names = new ArrayList<>();
        private final List<float[]> outputs = new ArrayList<>();

        @Override
        public void layer(String name, Ops ops, Tensor output) {
            names.add(name);
            outputs.add(ops.download(output));
        }
    }

    private static void assertSame(VaeEncoder encoder, VideoFrames video) {
        Recorder reused = new Recorder();
        Recorder computed = new Recorder();
        Latents fast = encoder.encode(video, Repetition.REUSE, reused);
        Latents plain = encoder.encode(video, Repetition.RECOMPUTE, computed);
        assertThat(fast.values()).isEqualTo(plain.values());
        assertThat(reused.names).isEqualTo(computed.names);
        for (int i = 0; i < reused.outputs.size(); i++) {
            assertThat(reused.outputs.get(i)).as(reused.names.get(i)).isEqualTo(computed.outputs.get(i));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 5, 7, 9, 13, 17, 21, 25, 29, 33, 41, 49, 57, 65, 73, 81, 93, 97, 101, 105, 121, 141})
    void pictureThenGreyFrames(int frames) {
        try (VaeEncoder encoder = tiny.encoder()) {
            assertSame(encoder, VideoFrames.picture(TinyVae.noise(frames, VALUES), frames, HEIGHT, WIDTH));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 33, 81, 121})
    void pictureThenGreyFramesInBf16(int frames) {
        DeviceOptions options = DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16);
        try (Device device = new ReferenceDevice(options);
                VaeEncoder encoder = VaeEncoder.load(tiny.config, tiny.source, device)) {
            assertSame(encoder, VideoFrames.picture(TinyVae.noise(frames, VALUES), frames, HEIGHT, WIDTH));
        }
    }

    @Test
    void oneFrameHeldFromTheStart() {
        float[] frame = TinyVae.noise(7, VALUES);
        try (VaeEncoder encoder = tiny.encoder()) {
            assertSame(encoder, new HostFrames(117, HEIGHT, WIDTH, index -> frame));
        }
    }

    @Test
    void framesThatNeverRepeat() {
        try (VaeEncoder encoder = tiny.encoder()) {
            assertSame(encoder, new HostFrames(21, HEIGHT, WIDTH, index -> TinyVae.noise(index, VALUES)));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void framesThatAreHeldForAWhile(long seed) {
        Random random = new Random(seed);
        int[] scene = new int[141];
        for (int t = 1; t < scene.length; t++) {
            boolean cut = random.nextInt(seed % 2 == 0 ? 50 : 12) == 0;
            scene[t] = cut ? scene[t - 1] + 1 : scene[t - 1];
        }
        try (VaeEncoder encoder = tiny.encoder()) {
            assertSame(encoder, new HostFrames(scene.length, HEIGHT, WIDTH, t -> TinyVae.noise(scene[t], VALUES)));
        }
    }

    @Test
    void signOfZeroIsADifference() {
        float[] plus = new float[VALUES];
        float[] minus = new float[VALUES];
        minus[5] = -0f;
        try (VaeEncoder encoder = tiny.encoder()) {
            assertSame(encoder, new HostFrames(41, HEIGHT, WIDTH, t -> t == 20 ? minus : plus));
        }
    }

    @Test
    void runsOfOneEncoderDoNotDisturbEachOther() {
        VideoFrames first = VideoFrames.picture(TinyVae.noise(1, VALUES), 33, HEIGHT, WIDTH);
        VideoFrames second = VideoFrames.picture(TinyVae.noise(2, VALUES), 9, HEIGHT, WIDTH);
        try (VaeEncoder encoder = tiny.encoder()) {
            float[] before = encoder.encode(first, VaeListener.NONE).values();
            float[] between = encoder.encode(second, VaeListener.NONE).values();
            assertThat(encoder.encode(first, VaeListener.NONE).values()).isEqualTo(before);
            assertThat(encoder.encode(second, VaeListener.NONE).values()).isEqualTo(between);
        }
    }
}
