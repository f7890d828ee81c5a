package io.wan4j.bench;

import io.wan4j.model.dit.WanConfig;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * One transformer block as a user of libtorch would write it, in BF16 throughout: fused norms, linear layers, scaled dot
 * product attention, in-place residuals. Keys and values of text and picture are given, as ours are after the first step.
 */
final class TorchBlock {
    private final int heads;
    private final long dim;
    private final Map<Layer, Parameters> layers = new EnumMap<>(Layer.class);
    private final Tensor[] vectors = new Tensor[12];
    private final Tensor textKey;
    private final Tensor textValue;
    private final Tensor imageKey;
    private final Tensor imageValue;
    private final Tensor cosine;
    private final Tensor sine;
    private final Tensor input;

    private record Parameters(Tensor weight, Tensor bias) {}

    /** Places of the linears. */
    private enum Layer {
        QUERY,
        KEY,
        VALUE,
        OUT,
        CROSS_QUERY,
        CROSS_OUT,
        UP,
        DOWN
    }

    TorchBlock(Libtorch data, WanConfig config, long tokens) {
        heads = config.heads();
        dim = config.dim();
        for (Layer layer : Layer.values()) {
            long out = layer == Layer.UP ? config.ffnDim() : dim;
            long in = layer == Layer.DOWN ? config.ffnDim() : dim;
            layers.put(layer, new Parameters(data.weight(out, in), data.normal(0.02, out)));
        }
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = data.normal(0.5, dim);
        }
        textKey = data.normal(1, WanConfig.TEXT_ROWS, dim);
        textValue = data.normal(1, WanConfig.TEXT_ROWS, dim);
        imageKey = data.normal(1, WanConfig.IMAGE_ROWS, dim);
        imageValue = data.normal(1, WanConfig.IMAGE_ROWS, dim);
        cosine = data.normal(0.7, tokens, 1, config.headDim());
        sine = data.normal(0.7, tokens, 1, config.headDim());
        input = data.normal(1, tokens, dim);
    }

    void forward() {
        Tensor x = input;
        Tensor in = modulated(x, 0);
        Tensor q = rotated(normed(linear(in, Layer.QUERY), 2));
        Tensor k = rotated(normed(linear(in, Layer.KEY), 3));
        Tensor v = linear(in, Layer.VALUE);
        x = torch.addcmul(x, linear(Libtorch.attention(q, k, v, heads), Layer.OUT), vectors[4]);
        Tensor cross = torch.layer_norm(
                x, new long[] {dim}, new TensorOptional(vectors[5]), new TensorOptional(vectors[6]), 1e-6, true);
        Tensor crossQuery = normed(linear(cross, Layer.CROSS_QUERY), 7);
        Tensor attended = Libtorch.attention(crossQuery, textKey, textValue, heads);
        attended.add_(Libtorch.attention(crossQuery, imageKey, imageValue, heads));
        x = x.add_(linear(attended, Layer.CROSS_OUT));
        Tensor hidden = torch.gelu(linear(modulated(x, 8), Layer.UP), "tanh");
        torch.addcmul(x, linear(hidden, Layer.DOWN), vectors[10]);
    }

    private Tensor linear(Tensor x, Layer layer) {
        Parameters parameters = Objects.requireNonNull(layers.get(layer));
        return torch.linear(x, parameters.weight(), new TensorOptional(parameters.bias()));
    }

    private Tensor modulated(Tensor x, int first) {
        Tensor normed = torch.layer_norm(x, new long[] {dim}, new TensorOptional(), new TensorOptional(), 1e-6, true);
        return torch.addcmul(vectors[first], normed, vectors[first + 1].add(new Scalar(1)));
    }

    private Tensor normed(Tensor x, int vector) {
        return torch.rms_norm(x, new long[] {dim}, new TensorOptional(vectors[vector]), new DoubleOptional(1e-6));
    }

    /** Rotary embedding in the form with two halves, the quickest without a kernel of one's own. */
    private Tensor rotated(Tensor x) {
        Tensor perHead = x.view(x.size(0), heads, dim / heads);
        TensorVector halves = perHead.chunk(2, -1);
        Tensor turned = torch.cat(new TensorVector(halves.get(1).neg(), halves.get(0)), -1);
        return perHead.mul(cosine).addcmul_(turned, sine).view(x.size(0), dim);
    }
}
