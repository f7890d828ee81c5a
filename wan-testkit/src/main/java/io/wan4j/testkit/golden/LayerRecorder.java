package io.wan4j.testkit.golden;

import io.wan4j.model.vae.VaeListener;
import io.wan4j.ops.Ops;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keeps what the layers of the VAE give, chunk by chunk, under the names of the golden vectors. */
final class LayerRecorder implements VaeListener {
    /** Frames of one layer and chunk: shape [H, W, C], and values of each. */
    private record Frames(Shape shape, List<float[]> values) {}

    private final Map<String, Frames> layers = new LinkedHashMap<>();
    private int chunk;

    @Override
    public void chunk(int done, int total) {
        chunk = done;
    }

    @Override
    public void layer(String name, Ops ops, Tensor output) {
        Frames frames = layers.computeIfAbsent(
                goldenName(name), any -> new Frames(output.entry(0).shape(), new ArrayList<>()));
        for (long t = 0; t < output.shape().dim(0); t++) {
            frames.values().add(ops.download(output.entry(t)));
        }
    }

    private String goldenName(String layer) {
        return switch (layer) {
            case "conv1" -> "mid.enc.quant_conv1";
            case "conv2" -> "mid.dec.post_quant_conv2";
            default ->
                layer.replace("encoder.", "mid.enc.chunk" + chunk + ".")
                        .replace("decoder.", "mid.dec.chunk" + chunk + ".");
        };
    }

    /** [C, T, H, W] of a layer; nothing if it was not there. */
    float[] values(String goldenName) {
        Frames frames = layers.get(goldenName);
        return frames == null ? new float[0] : channelsFirst(frames.shape(), frames.values());
    }

    private static float[] channelsFirst(Shape frame, List<float[]> values) {
        int channels = Math.toIntExact(frame.dim(2));
        int pixels = Math.toIntExact(frame.dim(0) * frame.dim(1));
        float[] out = new float[channels * values.size() * pixels];
        for (int t = 0; t < values.size(); t++) {
            float[] in = values.get(t);
            for (int p = 0; p < pixels; p++) {
                for (int c = 0; c < channels; c++) {
                    out[(c * values.size() + t) * pixels + p] = in[p * channels + c];
                }
            }
        }
        return out;
    }
}
