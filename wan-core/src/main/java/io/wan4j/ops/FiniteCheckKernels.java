package io.wan4j.ops;

import io.wan4j.error.DeviceException;
import io.wan4j.spi.Activation;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.spi.Rope;
import io.wan4j.tensor.Tensor;
import java.util.List;

/** The kernels of a device, with a look at the output of every layer that has a name. */
record FiniteCheckKernels(Kernels kernels) implements Kernels {
    @Override
    public void linear(Tensor x, Linear layer, Epilogue epilogue, Tensor out) {
        kernels.linear(x, layer, epilogue, out);
        check(layer.name(), out);
    }

    @Override
    public void convolution(Tensor past, Tensor x, Convolution layer, Epilogue epilogue, Tensor out) {
        kernels.convolution(past, x, layer, epilogue, out);
        check(layer.name(), out);
    }

    /** Of codes, the scales tell: a row with a number out of range has a scale out of range. */
    private void check(String layer, Tensor out) {
        Tensor looked = out.format().isCode() ? out.scales().orElse(out) : out;
        if (looked.format().isFloat() && !kernels.allFinite(looked)) {
            throw new DeviceException(layer + ": expected finite values, got infinity or NaN in " + out
                    + "; its weights or scales are damaged, or the activations overflow: try precision F32");
        }
    }

    @Override
    public boolean allFinite(Tensor x) {
        return kernels.allFinite(x);
    }

    @Override
    public void gather(Tensor table, int[] ids, Tensor out) {
        kernels.gather(table, ids, out);
    }

    @Override
    public void normModulate(Tensor x, Tensor shift, Tensor scale, float eps, Tensor out) {
        kernels.normModulate(x, shift, scale, eps, out);
    }

    @Override
    public void layerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor out) {
        kernels.layerNorm(x, weight, bias, eps, out);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        kernels.rmsNorm(x, weight, eps, out);
    }

    @Override
    public void rmsNormRope(Tensor x, Tensor weight, float eps, Rope rope, Tensor out) {
        kernels.rmsNormRope(x, weight, eps, rope, out);
    }

    @Override
    public void attention(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        kernels.attention(q, contexts, spec, out);
    }

    @Override
    public void activate(Tensor x, Activation activation, Tensor out) {
        kernels.activate(x, activation, out);
    }

    @Override
    public void modulation(Tensor parameter, Tensor time, Tensor out) {
        kernels.modulation(parameter, time, out);
    }

    @Override
    public void patchify(List<Tensor> parts, Tensor out) {
        kernels.patchify(parts, out);
    }

    @Override
    public void unpatchify(Tensor tokens, Tensor out) {
        kernels.unpatchify(tokens, out);
    }

    @Override
    public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
        kernels.channelNorm(x, gamma, activation, out);
    }

    @Override
    public void upsample(Tensor x, Tensor out) {
        kernels.upsample(x, out);
    }

    @Override
    public void interleaveFrames(Tensor x, Tensor out) {
        kernels.interleaveFrames(x, out);
    }

    @Override
    public void copy(Tensor x, Tensor out) {
        kernels.copy(x, out);
    }

    @Override
    public void channelsLast(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        kernels.channelsLast(x, scale, shift, out);
    }

    @Override
    public void channelsFirst(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        kernels.channelsFirst(x, scale, shift, out);
    }
}
