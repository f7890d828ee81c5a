package io.wan4j.testkit.synth;

import io.wan4j.dry.DryDevice;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.model.text.TextConfig;
import io.wan4j.model.text.TextEncoder;
import io.wan4j.model.vae.VaeConfig;
import io.wan4j.model.vae.VaeDecoder;
import io.wan4j.model.vae.VaeEncoder;
import io.wan4j.model.vision.ImageEncoder;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.WeightSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Names and shapes of the tensors that a network reads, found by loading it on a device without data from a source that
 * has whatever is asked for.
 */
public final class TensorCatalog {
    private TensorCatalog() {}

    /** Tensors of a transformer. */
    public static Map<String, Shape> of(WanConfig config) {
        return record((source, device) ->
                WanTransformer.load(config, source, device, Residency.ALL).close());
    }

    /** Tensors of a text encoder. */
    public static Map<String, Shape> of(TextConfig config) {
        return record(
                (source, device) -> TextEncoder.load(config, source, device).close());
    }

    /** Tensors of an image encoder, the unused last block included, by which its depth is told. */
    public static Map<String, Shape> of(VisionConfig config) {
        VisionConfig deeper = new VisionConfig(config.dim(), config.hiddenDim(), config.heads(), config.layers() + 1);
        return record(
                (source, device) -> ImageEncoder.load(deeper, source, device).close());
    }

    /** Tensors of a VAE, encoder and decoder. */
    public static Map<String, Shape> of(VaeConfig config) {
        return record((source, device) -> {
            VaeEncoder.load(config, source, device).close();
            VaeDecoder.load(config, source, device).close();
        });
    }

    private static Map<String, Shape> record(BiConsumer<WeightSource, DryDevice> load) {
        Recorder recorder = new Recorder();
        load.accept(recorder, new DryDevice(ActivationFormats.F32));
        return recorder.shapes;
    }

    /** Has every tensor that is asked for, all zeros, and writes down what that was. */
    private static final class Recorder implements WeightSource {
        private final Map<String, Shape> shapes = new LinkedHashMap<>();

        @Override
        public Set<String> names() {
            return shapes.keySet();
        }

        @Override
        public Optional<StoredTensor> find(String name) {
            return Optional.ofNullable(shapes.get(name)).map(shape -> new Zeros(name, shape));
        }

        @Override
        public StoredTensor get(String name, Shape expected) {
            shapes.put(name, expected);
            return new Zeros(name, expected);
        }

        @Override
        public String location() {
            return "catalog";
        }
    }

    /** A tensor of zeros. */
    private record Zeros(String name, Shape shape) implements StoredTensor {
        @Override
        public Format format() {
            return Format.F32;
        }

        @Override
        public String location() {
            return "catalog";
        }

        @Override
        public ByteBuffer read(long offset, long length) {
            return ByteBuffer.allocate(Math.toIntExact(length)).order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
