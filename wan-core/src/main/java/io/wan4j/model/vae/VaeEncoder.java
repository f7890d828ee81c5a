package io.wan4j.model.vae;

import io.wan4j.error.ShapeException;
import io.wan4j.ops.Ops;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Activation;
import io.wan4j.spi.Device;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.WeightSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Pictures to latents: {@code z = (mu - mean) / std}, where mu is the mean that the encoder gives; nothing is sampled.
 * Works frame by frame with causal caches, so its memory does not grow with the number of frames.
 *
 * <p>Source: {@code wan/modules/vae.py} in the Wan2.1 repository.
 */
public final class VaeEncoder implements AutoCloseable {
    /** Prefixes of the tensors that the encoder reads; with the decoder's they cover a VAE checkpoint. */
    public static final List<String> PREFIXES = List.of("encoder.", "conv1.");

    private final VaeConfig config;
    private final Device device;
    private final Weights weights;
    private final List<LayerPlan.Named<SettlingLayer>> layers;
    private final Linear moments;
    private final Tensor scale;
    private final Tensor shift;
    private final Tensor one;
    private final Tensor zero;

    private VaeEncoder(VaeConfig config, Weights weights) {
        this.config = config;
        this.device = weights.device();
        this.weights = weights;
        this.layers = LayerPlan.encoder(config, weights);
        int channels = config.latentChannels();
        this.moments = weights.patchLinear("conv1", Shape.of(2L * channels, 2L * channels, 1, 1, 1), true);
        LatentStatistics statistics = LatentStatistics.wan21();
        this.scale = weights.constant(statistics.normalizeScale(), channels);
        this.shift = weights.constant(statistics.normalizeShift(), channels);
        this.one = weights.constant(new float[] {1, 1, 1}, VaeConfig.PICTURE_CHANNELS);
        this.zero = weights.constant(new float[VaeConfig.PICTURE_CHANNELS], VaeConfig.PICTURE_CHANNELS);
    }

    /**
     * Loads the encoder.
     *
     * @throws io.wan4j.error.CheckpointException if a tensor is missing or has another shape
     */
    public static VaeEncoder load(VaeConfig config, WeightSource source, Device device) {
        Weights weights = Weights.open(source, device);
        try {
            return new VaeEncoder(config, weights);
        } catch (RuntimeException failure) {
            weights.close();
            throw failure;
        }
    }

    /** Sizes. */
    public VaeConfig config() {
        return config;
    }

    /** Layers that a {@link VaeListener} is told of, by name. */
    public int layers() {
        return layers.size() + 1;
    }

    /** Bytes of weights on the device. */
    public long weightBytes() {
        return weights.bytes();
    }

    /**
     * Encodes a video. Frames that repeat the frame before, as all but two of an image-to-video input do, are not
     * computed again in layers that have settled; the result is bit for bit the same.
     *
     * @param video 4n+1 frames; up to three more are left out. Rows and columns are multiples of 8
     * @return latents [16, n + 1, height / 8, width / 8], normalised
     */
    public Latents encode(VideoFrames video, VaeListener listener) {
        return encode(video, Repetition.REUSE, listener);
    }

    /** As {@link #encode(VideoFrames, VaeListener)}, with a choice for repeated frames. */
    public Latents encode(VideoFrames video, Repetition repetition, VaeListener listener) {
        int factor = config.spaceFactor();
        if (video.count() < 1 || video.height() % factor != 0 || video.width() % factor != 0) {
            throw new ShapeException("VAE encoder: expected frames with rows and columns divisible by " + factor
                    + ", got " + video.count() + " frames of " + video.width() + "x" + video.height());
        }
        int latentFrames = config.latentFrames(video.count());
        Latents latents =
                Latents.zeros(config.latentChannels(), latentFrames, video.height() / factor, video.width() / factor);
        Shape frame = Shape.of(1, video.height(), video.width(), VaeConfig.PICTURE_CHANNELS);
        try (Caches caches = new Caches(device);
                Ops scope = Ops.on(device)) {
            EncoderRun run = new EncoderRun(layers, caches, frame, listener);
            RepeatCounter repeats = new RepeatCounter(repetition);
            int done = 0;
            for (int t = 0; t < config.frames(latentFrames); t++) {
                float[] picture = video.frame(t);
                try (Ops ops = scope.nested()) {
                    Optional<Tensor> head = run.push(ops, upload(ops, picture, frame), repeats.next(picture));
                    if (head.isPresent()) {
                        latents.setFrame(done, normalized(ops, head.get(), listener));
                        listener.chunk(++done, latentFrames);
                    }
                }
            }
        }
        return latents;
    }

    private Tensor upload(Ops ops, float[] picture, Shape frame) {
        Tensor planes = ops.upload(picture, VaeConfig.PICTURE_CHANNELS, 1, frame.dim(1), frame.dim(2));
        return ops.channelsLast(planes, one, zero);
    }

    /** The normalised mean [16, 1, h, w] of what the head gave for a latent frame. */
    private float[] normalized(Ops ops, Tensor head, VaeListener listener) {
        Tensor moved = ops.linear(head, moments, Activation.IDENTITY, Format.F32);
        listener.layer("conv1", ops, moved);
        return ops.download(ops.channelsFirst(moved, scale, shift));
    }

    /** Frees the weights. */
    @Override
    public void close() {
        weights.close();
    }

    /** What to do with frames that repeat the frame before. */
    public enum Repetition {
        /** Compute a layer only as long as its output can change. */
        REUSE,
        /** Compute every frame in every layer; for comparison. */
        RECOMPUTE
    }

    /** Counts to how many frames before it each frame is equal. */
    private static final class RepeatCounter {
        private final Repetition repetition;
        private float[] previous = new float[0];
        private int repeats;

        RepeatCounter(Repetition repetition) {
            this.repetition = repetition;
        }

        int next(float[] frame) {
            boolean same = frame == previous || Arrays.equals(frame, previous);
            repeats = same ? repeats + 1 : 0;
            previous = frame;
            return repetition == Repetition.REUSE ? repeats : 0;
        }
    }
}
