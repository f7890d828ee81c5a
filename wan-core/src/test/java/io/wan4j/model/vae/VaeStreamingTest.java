package io.wan4j.model.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.error.ShapeException;
import io.wan4j.ops.Ops;
import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VaeStreamingTest {
    private static final int HEIGHT = 16;
    private static final int WIDTH = 24;

    private final TinyVae tiny = new TinyVae();

    @AfterEach
    void close() {
        tiny.close();
    }

    private static Latents latents(int frames) {
        return new Latents(16, frames, 2, 3, TinyVae.noise(frames, 16 * frames * 6));
    }

    private static VideoFrames video(int frames) {
        return VideoFrames.of(TinyVae.noise(frames, 3 * frames * HEIGHT * WIDTH), frames, HEIGHT, WIDTH);
    }

    @Test
    void picturesAreHandedOutAsSoonAsTheyAreDecoded() {
        List<String> events = new ArrayList<>();
        VaeListener listener = new VaeListener() {
            @Override
            public void chunk(int done, int total) {
                events.add("chunk " + done + "/" + total);
            }
        };
        try (VaeDecoder decoder = tiny.decoder()) {
            decoder.decode(latents(2), picture -> events.add("picture " + picture.index()), listener);
        }
        assertThat(events)
                .containsExactly(
                        "picture 0", "chunk 1/2", "picture 1", "picture 2", "picture 3", "picture 4", "chunk 2/2");
    }

    @Test
    void encoderReportsEachLatentFrame() {
        List<Integer> chunks = new ArrayList<>();
        VaeListener listener = new VaeListener() {
            @Override
            public void chunk(int done, int total) {
                assertThat(total).isEqualTo(3);
                chunks.add(done);
            }
        };
        try (VaeEncoder encoder = tiny.encoder()) {
            encoder.encode(video(9), listener);
        }
        assertThat(chunks).containsExactly(1, 2, 3);
    }

    @Test
    void earlierPicturesDoNotDependOnLaterLatents() {
        Latents few = latents(2);
        Latents many = Latents.zeros(16, 4, 2, 3);
        many.setFrame(0, few.frame(0));
        many.setFrame(1, few.frame(1));
        many.setFrame(2, TinyVae.noise(9, 16 * 6));
        List<DecodedFrame> fewPictures = new ArrayList<>();
        List<DecodedFrame> manyPictures = new ArrayList<>();
        try (VaeDecoder decoder = tiny.decoder()) {
            decoder.decode(few, fewPictures::add, VaeListener.NONE);
            decoder.decode(many, manyPictures::add, VaeListener.NONE);
        }
        assertThat(manyPictures).hasSize(13);
        for (int i = 0; i < 5; i++) {
            assertThat(manyPictures.get(i).values())
                    .isEqualTo(fewPictures.get(i).values());
        }
    }

    @Test
    void cancellingLeavesNothingBehind() {
        VaeListener afterOneChunk = new VaeListener() {
            @Override
            public void chunk(int done, int total) {
                throw new CancellationException("chunk");
            }
        };
        VaeListener withinAChunk = new VaeListener() {
            @Override
            public void layer(String name, Ops ops, Tensor output) {
                if (name.endsWith("middle.1")) {
                    throw new CancellationException("layer");
                }
            }
        };
        try (VaeEncoder encoder = tiny.encoder();
                VaeDecoder decoder = tiny.decoder()) {
            long loaded = tiny.device.memory().inArenas();
            for (VaeListener listener : List.of(afterOneChunk, withinAChunk)) {
                assertThatThrownBy(() -> encoder.encode(video(5), listener)).isInstanceOf(CancellationException.class);
                assertThatThrownBy(() -> decoder.decode(latents(2), picture -> {}, listener))
                        .isInstanceOf(CancellationException.class);
                assertNothingHeld(loaded);
            }
            assertThatThrownBy(() -> decoder.decode(
                            latents(2),
                            picture -> {
                                throw new CancellationException("picture");
                            },
                            VaeListener.NONE))
                    .isInstanceOf(CancellationException.class);
            assertNothingHeld(loaded);
        }
        assertNothingHeld(0);
    }

    private void assertNothingHeld(long arenas) {
        assertThat(tiny.device.memory().inArenas()).isEqualTo(arenas);
        Workspace workspace = tiny.device.memory().workspace();
        long inUse = workspace.mark();
        workspace.rewind(inUse);
        assertThat(inUse).isZero();
    }

    @Test
    void rowsAndColumnsMustBeDivisibleByEight() {
        try (VaeEncoder encoder = tiny.encoder()) {
            assertThatThrownBy(() ->
                            encoder.encode(VideoFrames.picture(new float[3 * 12 * 16], 5, 12, 16), VaeListener.NONE))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("divisible by 8")
                    .hasMessageContaining("16x12");
        }
    }

    @Test
    void latentsMustHaveTheChannelsOfTheModel() {
        try (VaeDecoder decoder = tiny.decoder()) {
            assertThatThrownBy(() -> decoder.decode(Latents.zeros(4, 1, 2, 2), picture -> {}, VaeListener.NONE))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("16");
        }
    }

    @Test
    void framesBeyondFourNPlusOneAreNotSeen() {
        float[] seen = TinyVae.noise(3, 3 * 5 * HEIGHT * WIDTH);
        int pixels = HEIGHT * WIDTH;
        try (VaeEncoder encoder = tiny.encoder()) {
            VideoFrames five = VideoFrames.of(seen, 5, HEIGHT, WIDTH);
            VideoFrames seven =
                    new HostFrames(7, HEIGHT, WIDTH, t -> t < 5 ? five.frame(t) : TinyVae.noise(t, 3 * pixels));
            Latents latents = encoder.encode(seven, VaeListener.NONE);
            assertThat(latents.frames()).isEqualTo(2);
            assertThat(latents.values())
                    .isEqualTo(encoder.encode(five, VaeListener.NONE).values());
        }
    }
}
