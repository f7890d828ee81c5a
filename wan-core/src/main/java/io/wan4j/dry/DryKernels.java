package io.wan4j.dry;

import io.wan4j.spi.Activation;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.spi.Rope;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Tensor;
import java.util.List;

/** Computes nothing; counts the work of every operation. */
final class DryKernels implements Kernels {
    private long linearFlops;
    private long int8Flops;
    private long fp8Flops;
    private long attentionFlops;
    private long convolutionFlops;
    private long bytes;

    Work work() {
        return new Work(linearFlops, int8Flops, fp8Flops, attentionFlops, convolutionFlops, bytes);
    }

    private void touch(Tensor... tensors) {
        for (Tensor tensor : tensors) {
            bytes += tensor.bytes();
        }
    }

    @Override
    public void gather(Tensor table, int[] ids, Tensor out) {
        touch(out, out);
    }

    @Override
    public void linear(Tensor x, Linear layer, Epilogue epilogue, Tensor out) {
        long flops = 2 * x.shape().rows() * layer.in() * layer.out();
        if (layer.weight() instanceof Scaled scaled && scaled.activations() == ActivationMode.DYNAMIC_8BIT) {
            if (scaled.codes().format() == Format.I8) {
                int8Flops += flops;
            } else {
                fp8Flops += flops;
            }
        } else {
            linearFlops += flops;
        }
        for (Linear.LowRank adapter : layer.adapters()) {
            linearFlops += 2 * x.shape().rows() * adapter.down().shape().dim(0) * (layer.in() + layer.out());
        }
        bytes += layer.weight().bytes();
        touch(x, out);
        if (!(epilogue instanceof Epilogue.Store || epilogue instanceof Epilogue.Activate)) {
            touch(out);
        }
    }

    @Override
    public void normModulate(Tensor x, Tensor shift, Tensor scale, float eps, Tensor out) {
        touch(x, out);
    }

    @Override
    public void layerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor out) {
        touch(x, out);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        touch(x, out);
    }

    @Override
    public void rmsNormRope(Tensor x, Tensor weight, float eps, Rope rope, Tensor out) {
        touch(x, rope.table(), out);
    }

    @Override
    public void attention(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        touch(q, out);
        for (KeyValue context : contexts) {
            attentionFlops += 4 * q.shape().count() * context.key().shape().dim(0);
            touch(context.key(), context.value());
        }
    }

    @Override
    public void activate(Tensor x, Activation activation, Tensor out) {
        touch(x, out);
    }

    @Override
    public void modulation(Tensor parameter, Tensor time, Tensor out) {
        touch(parameter, time, out);
    }

    @Override
    public void patchify(List<Tensor> parts, Tensor out) {
        touch(parts.toArray(Tensor[]::new));
        touch(out);
    }

    @Override
    public void unpatchify(Tensor tokens, Tensor out) {
        touch(tokens, out);
    }

    @Override
    public void convolution(Tensor past, Tensor x, Convolution layer, Epilogue epilogue, Tensor out) {
        long missing = layer.missingFrames(past.shape().dim(0) + x.shape().dim(0));
        long taps = (layer.kernelTime() - missing) * layer.kernelSpace() * layer.kernelSpace();
        convolutionFlops += 2 * out.shape().count() * taps * layer.in();
        bytes += layer.weight().bytes();
        touch(past, x, out);
    }

    @Override
    public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
        touch(x, out);
    }

    @Override
    public void upsample(Tensor x, Tensor out) {
        touch(x, out);
    }

    @Override
    public void interleaveFrames(Tensor x, Tensor out) {
        touch(x, out);
    }

    @Override
    public void copy(Tensor x, Tensor out) {
        touch(x, out);
    }

    @Override
    public void channelsLast(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        touch(x, out);
    }

    @Override
    public void channelsFirst(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        touch(x, out);
    }

    @Override
    public boolean allFinite(Tensor x) {
        touch(x);
        return true;
    }
}
