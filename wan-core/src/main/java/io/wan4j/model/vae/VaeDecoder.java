package io.wan4j.model.vae;

import io.wan4j.error.ShapeException;
import io.wan4j.ops.Ops;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Device;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.WeightSource;
import java.util.List;
import java.util.function.Consumer;

/**
 * Latents to pictures. Works one latent frame at a time with causal caches, so its memory does not grow with the number
 * of frames; each picture is handed out as soon as it is there.
 *
 * <p>Source: {@code wan/modules/vae.py} in the Wan2.1 repository.
 */
public final class VaeDecoder implements AutoCloseable {
    /** Prefixes of the tensors that the decoder reads; with the encoder's they cover a VAE checkpoint. */
    public static final List<String> PREFIXES = List.of("decoder.", "conv2.");

    private final VaeConfig config;
    private final Device device;
    private final Weights weights;
    private final List<LayerPlan.Named<? extends CausalLayer>> layers;
    private final Linear entry;
    private final Tensor mean;
    private final Tensor std;
    private final Tensor one;
    private final Tensor zero;

    private VaeDecoder(VaeConfig config, Weights weights) {
        this.config = config;
        this.device = weights.device();
        this.weights = weights;
        this.layers = LayerPlan.decoder(config, weights);
        int channels = config.latentChannels();
        this.entry = weights.patchLinear("conv2", Shape.of(channels, channels, 1, 1, 1), true);
        LatentStatistics statistics = LatentStatistics.wan21();
        this.mean = weights.constant(statistics.mean(), channels);
        this.std = weights.constant(statistics.std(), channels);
        this.one = weights.constant(new float[] {1, 1, 1}, VaeConfig.PICTURE_CHANNELS);
        this.zero = weights.constant(new float[VaeConfig.PICTURE_CHANNELS], VaeConfig.PICTURE_CHANNELS);
    }

    /**
     * Loads the decoder.
     *
     * @throws io.wan4j.error.CheckpointException if a tensor is missing or has another shape
     */
    public static VaeDecoder load(VaeConfig config, WeightSource source, Device device) {
        Weights weights = Weights.open(source, device);
        try {
            return new VaeDecoder(config, weights);
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
     * Decodes a video: the first latent frame gives one picture, each later one four.
     *
     * @param latents normalised, as the encoder or the diffusion transformer gives them
     * @param pictures takes the pictures in order, on this thread; may throw, which ends the run
     */
    public void decode(Latents latents, Consumer<DecodedFrame> pictures, VaeListener listener) {
        if (latents.channels() != config.latentChannels()) {
            throw new ShapeException(
                    "VAE decoder: expected " + config.latentChannels() + " latent channels, got " + latents.channels());
        }
        Shape frame = Shape.of(1, latents.height(), latents.width(), latents.channels());
        Pictures sink = new Pictures(pictures);
        try (Caches caches = new Caches(device);
                Ops scope = Ops.on(device)) {
            DecoderRun run = new DecoderRun(layers, caches, frame, listener, sink::accept);
            for (int t = 0; t < latents.frames(); t++) {
                try (Ops ops = scope.nested()) {
                    Tensor z = ops.upload(latents.frame(t), latents.channels(), 1, frame.dim(1), frame.dim(2));
                    Tensor x = ops.linear(ops.channelsLast(z, std, mean), entry);
                    listener.layer("conv2", ops, x);
                    run.push(ops, x);
                }
                listener.chunk(t + 1, latents.frames());
            }
        }
    }

    /** Frees the weights. */
    @Override
    public void close() {
        weights.close();
    }

    /** Hands pictures out, numbered. */
    private final class Pictures {
        private final Consumer<DecodedFrame> consumer;
        private int index;

        Pictures(Consumer<DecodedFrame> consumer) {
            this.consumer = consumer;
        }

        void accept(Ops ops, Tensor picture) {
            Shape s = picture.shape();
            float[] planes = ops.download(ops.channelsFirst(picture, one, zero));
            consumer.accept(new DecodedFrame(index++, (int) s.dim(1), (int) s.dim(2), planes));
        }
    }
}
