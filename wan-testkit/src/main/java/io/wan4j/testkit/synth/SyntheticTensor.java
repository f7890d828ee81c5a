package io.wan4j.testkit.synth;

import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A tensor to be made.
 *
 * @param spec name, format and shape in the file
 * @param layer shape of the weight that it is, or that it scales
 * @param weight format of the weight that it is, or that it scales
 */
record SyntheticTensor(TensorSpec spec, Shape layer, Format weight) {
    /** What follows a layer's name in the name of its scales. */
    static final String SCALE = ".weight_scale";

    private static final Pattern BLOCK_LINEAR =
            Pattern.compile("blocks\\.\\d+\\.(self_attn|cross_attn|ffn)\\.(q|k|v|o|k_img|v_img|0|2)\\.weight");

    /** A tensor of a transformer: codes and scales where it is a block's linear and the encoding has codes. */
    static List<SyntheticTensor> transformer(String name, Shape shape, WeightEncoding encoding) {
        return encoding.linear().isCode() && BLOCK_LINEAR.matcher(name).matches()
                ? coded(name, shape, encoding.linear())
                : dense(name, shape, encoding.other());
    }

    /** A tensor in a floating format. */
    static List<SyntheticTensor> dense(String name, Shape shape, Format format) {
        return List.of(new SyntheticTensor(new TensorSpec(name, format, shape), shape, format));
    }

    /** Codes and a scale per row. */
    static List<SyntheticTensor> coded(String name, Shape shape, Format codes) {
        String scale = name.substring(0, name.length() - ".weight".length()) + SCALE;
        return List.of(
                new SyntheticTensor(new TensorSpec(name, codes, shape), shape, codes),
                new SyntheticTensor(new TensorSpec(scale, Format.F32, Shape.of(shape.dim(0), 1)), shape, codes));
    }

    boolean isScale() {
        return spec.name().endsWith(SCALE);
    }

    boolean isCodes() {
        return weight.isCode() && !isScale();
    }

    /** Inputs of a row. */
    long fanIn() {
        return Math.max(1, layer.count() / Math.max(1, layer.dim(0)));
    }
}
