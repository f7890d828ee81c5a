package io.wan4j.quant;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.TensorFiles;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.checkpoint.layout.CheckpointFiles;
import io.wan4j.checkpoint.safetensors.SafetensorsWriter;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The largest magnitude of each channel of layers' inputs, seen on examples. In a file: one tensor {@code
 * LAYER.input_amax} [in] of a floating format for each layer.
 *
 * @param layers maxima by canonical name of the layer
 */
public record ChannelMaxima(Map<String, float[]> layers) {
    private static final String SUFFIX = ".input_amax";

    /** Copies the map. */
    public ChannelMaxima {
        layers = Map.copyOf(layers);
    }

    /**
     * Reads a file.
     *
     * @throws CheckpointException if it holds anything else, or a number that is no magnitude
     */
    public static ChannelMaxima read(Path file) {
        Map<String, float[]> layers = new TreeMap<>();
        try (TensorFiles files = CheckpointFiles.open(file)) {
            for (String name : files.names()) {
                CheckpointTensor tensor = files.tensor(name);
                if (!name.endsWith(SUFFIX) || tensor.shape().rank() != 1) {
                    throw new CheckpointException(file + ": expected LAYER" + SUFFIX + " [in] for each layer, got "
                            + tensor + "; is this a file of channel maxima, as wan calibrate writes it?");
                }
                float[] values = tensor.toFloats();
                for (int i = 0; i < values.length; i++) {
                    if (!(values[i] >= 0) || Float.isInfinite(values[i])) {
                        throw new CheckpointException(
                                name + ": expected magnitudes, got " + values[i] + " at channel " + i + " in " + file);
                    }
                }
                layers.put(name.substring(0, name.length() - SUFFIX.length()), values);
            }
        }
        return new ChannelMaxima(layers);
    }

    /** Writes a file, which must be new. */
    public void write(Path file) {
        Map<String, float[]> sorted = new TreeMap<>(layers);
        List<TensorSpec> specs = sorted.entrySet().stream()
                .map(entry -> new TensorSpec(entry.getKey() + SUFFIX, Format.F32, Shape.of(entry.getValue().length)))
                .toList();
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, Map.of("format", "pt"))) {
            sorted.forEach((layer, values) -> writer.write(layer + SUFFIX, values));
            writer.finish();
        }
    }

    /** The maxima of a layer whose input has so many channels. */
    float[] of(String layer, int channels, Path file) {
        float[] values = layers.get(layer);
        if (values == null || values.length != channels) {
            throw new CheckpointException(layer + SUFFIX + ": expected [" + channels + "], got "
                    + (values == null ? "nothing" : "[" + values.length + "]") + " in " + file
                    + "; was it measured on another model?");
        }
        return values;
    }

    /** The larger of two, channel by channel, as a new array. */
    public static float[] larger(float[] a, float[] b) {
        float[] larger = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            larger[i] = Math.max(a[i], b[i]);
        }
        return larger;
    }
}
