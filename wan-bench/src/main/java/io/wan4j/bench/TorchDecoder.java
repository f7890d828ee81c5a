package io.wan4j.bench;

import io.wan4j.model.vae.LatentStatistics;
import io.wan4j.model.vae.VaeConfig;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.WeightSource;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The VAE decoder in libtorch, in BF16 and channels last throughout: activations are [frames, rows, columns, channels],
 * which {@code conv2d} and {@code conv3d} take as views. As in ours, the first frame meets the last tap in time only. What
 * convolutions remember of earlier frames goes from chunk to chunk. What an operation in place returns is a second view of
 * its operand that owns nothing, so it is never kept.
 */
final class TorchDecoder {
    private static final long[] ONE = {1, 1};
    private static final long[] ONES = {1, 1, 1};

    private final Libtorch data;
    private final VaeConfig config;
    private final Map<String, Tensor> weights = new HashMap<>();
    private final Map<String, Tensor> remembered = new HashMap<>();
    private final Tensor std;
    private final Tensor mean;

    TorchDecoder(Libtorch data, VaeConfig config, WeightSource source) {
        this.data = data;
        this.config = config;
        for (String name : source.names()) {
            if (name.startsWith("decoder.") || name.startsWith("conv2.")) {
                weights.put(name, weight(source.find(name).orElseThrow()));
            }
        }
        LatentStatistics statistics = LatentStatistics.wan21();
        std = bf16(statistics.std(), statistics.std().length);
        mean = bf16(statistics.mean(), statistics.mean().length);
    }

    /** Convolutions channels last; those with three taps in time also as their last tap alone. */
    private Tensor weight(StoredTensor stored) {
        float[] values = new float[Math.toIntExact(stored.shape().count())];
        ByteBuffer content = stored.read(0, stored.bytes());
        FloatCodec.decode(stored.format(), content.slice(), 0, values, 0, values.length);
        boolean gamma = stored.name().endsWith("gamma");
        long[] dims = gamma ? new long[] {values.length} : stored.shape().toArray();
        if (dims.length == 5 && dims[2] == 3) {
            Libtorch.run(() -> weights.put(
                    stored.name() + ".last",
                    data.keep(plain(values, dims)
                            .narrow(2, 2, 1)
                            .squeeze(2)
                            .contiguous(torch.MemoryFormat.ChannelsLast))));
        }
        return bf16(values, dims);
    }

    private static Tensor plain(float[] values, long... dims) {
        return AbstractTensor.create(values, dims).to(torch.ScalarType.BFloat16);
    }

    private Tensor bf16(float[] values, long... dims) {
        Tensor[] kept = new Tensor[1];
        Libtorch.run(() -> {
            Tensor plain = plain(values, dims);
            kept[0] = data.keep(
                    dims.length == 5
                            ? plain.contiguous(torch.MemoryFormat.ChannelsLast3d)
                            : dims.length == 4 ? plain.contiguous(torch.MemoryFormat.ChannelsLast) : plain);
        });
        return kept[0];
    }

    private Tensor get(String name) {
        return Objects.requireNonNull(weights.get(name), name);
    }

    /** A video's pictures, [frames, H, W, 3] for each latent frame [1, h, w, 16]. */
    void decode(Tensor[] latents, Consumer<Tensor> pictures) {
        forget();
        for (int i = 0; i < latents.length; i++) {
            boolean first = i == 0;
            latents[i].retainReference();
            Tensor x = stage(latents[i], z -> linear(z.mul(std).add_(mean), "conv2"));
            Tensor chunk = chunk(x, first);
            pictures.accept(chunk);
            chunk.releaseReference();
        }
        forget();
    }

    private void forget() {
        remembered.values().forEach(Tensor::releaseReference);
        remembered.clear();
    }

    /** The layer's result; its input and all that it made besides are freed. */
    private static Tensor stage(Tensor x, UnaryOperator<Tensor> layer) {
        Tensor[] result = new Tensor[1];
        Libtorch.run(() -> {
            result[0] = layer.apply(x);
            result[0].retainReference();
        });
        x.releaseReference();
        return result[0];
    }

    private void remember(String name, Tensor frames) {
        frames.retainReference();
        Tensor old = remembered.put(name, frames);
        if (old != null) {
            old.releaseReference();
        }
    }

    private Tensor chunk(Tensor z, boolean first) {
        Tensor x = stage(z, in -> causal(in, "decoder.conv1", true));
        x = stage(x, in -> residual(in, "decoder.middle.0"));
        x = stage(x, in -> attention(in, "decoder.middle.1"));
        x = stage(x, in -> residual(in, "decoder.middle.2"));
        int index = 0;
        for (int level = config.multipliers().size() - 1; level >= 0; level--) {
            for (int block = 0; block <= config.residualBlocks(); block++) {
                String name = "decoder.upsamples." + index++;
                x = stage(x, in -> residual(in, name));
            }
            if (level > 0) {
                String name = "decoder.upsamples." + index++;
                boolean doubles = !first && config.timeDownsample().get(level - 1);
                x = doubles ? stage(x, in -> doubleFrames(in, name)) : x;
                x = stage(x, in -> doubleSpace(in, name));
            }
        }
        return stage(x, in -> causal(normed(in, "decoder.head.0"), "decoder.head.2", true));
    }

    private Tensor residual(Tensor x, String name) {
        Tensor half = causal(normed(x, name + ".residual.0"), name + ".residual.2", true);
        Tensor y = causal(normed(half, name + ".residual.3"), name + ".residual.6", true);
        y.add_(weights.containsKey(name + ".shortcut.weight") ? linear(x, name + ".shortcut") : x);
        return y;
    }

    private Tensor normed(Tensor x, String name) {
        Tensor y = norm(x, name);
        torch.silu_(y);
        return y;
    }

    private Tensor norm(Tensor x, String name) {
        return torch.rms_norm(
                x, new long[] {x.size(-1)}, new TensorOptional(get(name + ".gamma")), new DoubleOptional(1e-12));
    }

    /** A layer of one tap. */
    private Tensor linear(Tensor x, String name) {
        Tensor weight = get(name + ".weight");
        return torch.linear(x, weight.view(weight.size(0), weight.size(1)), new TensorOptional(get(name + ".bias")));
    }

    private Tensor attention(Tensor x, String name) {
        long positions = x.size(1) * x.size(2);
        Tensor rows = linear(norm(x, name + ".norm"), name + ".to_qkv").view(x.size(0), 1, positions, 3 * x.size(3));
        TensorVector parts = rows.chunk(3, -1);
        Tensor mixed = torch.scaled_dot_product_attention(parts.get(0), parts.get(1), parts.get(2));
        Tensor y = linear(mixed.reshape(x.size(0), x.size(1), x.size(2), x.size(3)), name + ".proj");
        y.add_(x);
        return y;
    }

    /** Convolution over three frames: the last two of the chunk before come first; without them, one tap in time. */
    private Tensor causal(Tensor x, String name, boolean borders) {
        Tensor before = remembered.get(name);
        TensorOptional bias = new TensorOptional(get(name + ".bias"));
        long[] padding = borders ? ONE : new long[] {0, 0};
        if (before == null && x.size(0) == 1) {
            remember(name, x);
            return torch.conv2d(planes(x), get(name + ".weight.last"), bias, ONE, padding, ONE, 1)
                    .permute(0, 2, 3, 1);
        }
        Tensor known = before == null ? x : torch.cat(new TensorVector(before, x), 0);
        Tensor frames = known.size(0) == x.size(0) + 2 ? known : afterZeros(known, x.size(0) + 2);
        remember(name, frames.narrow(0, frames.size(0) - 2, 2).clone());
        Tensor volume = frames.permute(3, 0, 1, 2).unsqueeze(0);
        return torch.conv3d(volume, get(name + ".weight"), bias, ONES, new long[] {0, padding[0], padding[1]}, ONES, 1)
                .squeeze(0)
                .permute(1, 2, 3, 0);
    }

    private static Tensor afterZeros(Tensor frames, long count) {
        long missing = count - frames.size(0);
        Tensor zeros = frames.narrow(0, 0, 1).mul(new Scalar(0)).expand(missing, -1, -1, -1);
        return torch.cat(new TensorVector(zeros, frames), 0);
    }

    private static Tensor planes(Tensor x) {
        return x.permute(0, 3, 1, 2);
    }

    private Tensor doubleFrames(Tensor x, String name) {
        Tensor pairs = causal(x, name + ".time_conv", false);
        long channels = x.size(3);
        return pairs.view(x.size(0), x.size(1), x.size(2), 2, channels)
                .permute(0, 3, 1, 2, 4)
                .reshape(2 * x.size(0), x.size(1), x.size(2), channels);
    }

    private Tensor doubleSpace(Tensor x, String name) {
        Tensor doubled = torch.upsample_nearest2d(
                planes(x), new long[] {2 * x.size(1), 2 * x.size(2)}, new DoubleOptional(), new DoubleOptional());
        return torch.conv2d(
                        doubled,
                        get(name + ".resample.1.weight"),
                        new TensorOptional(get(name + ".resample.1.bias")),
                        ONE,
                        ONE,
                        ONE,
                        1)
                .permute(0, 2, 3, 1);
    }

    /** Latent frames [1, h, w, C] of values [C, frames, h, w]. */
    Tensor[] latents(float[] values, int frames, int height, int width) {
        Tensor[] latents = new Tensor[frames];
        Libtorch.run(() -> {
            Tensor all = plain(values, config.latentChannels(), frames, height, width)
                    .permute(1, 2, 3, 0)
                    .contiguous();
            for (int i = 0; i < frames; i++) {
                latents[i] = data.keep(all.narrow(0, i, 1));
            }
        });
        return latents;
    }

    /** The values of pictures [frames, H, W, 3]. */
    static float[] values(Tensor pictures) {
        Tensor plain = pictures.to(torch.ScalarType.Float).contiguous();
        float[] values = new float[Math.toIntExact(plain.numel())];
        plain.data_ptr_float().get(values);
        return values;
    }
}
