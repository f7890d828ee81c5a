package io.wan4j.onednn;

import io.wan4j.spi.Activation;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.spi.Rope;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.List;

/** The operations, each in the class of its kind. */
final class OneDnnKernels implements Kernels, AutoCloseable {
    private final LinearKernel linear;
    private final AttentionKernel attention;
    private final ConvolutionKernel convolution;
    private final RowKernels rows;
    private final LayoutKernels layout;

    OneDnnKernels(Workers workers, OneDnnMemory memory, Format compute, OneDnnOptions.Attention scores) {
        linear = new LinearKernel(workers, memory, compute);
        attention = new AttentionKernel(workers, memory, scores);
        convolution = new ConvolutionKernel(workers, compute);
        rows = new RowKernels(workers);
        layout = new LayoutKernels(workers);
    }

    @Override
    public void gather(Tensor table, int[] ids, Tensor out) {
        layout.gather(table, ids, out);
    }

    @Override
    public void linear(Tensor x, Linear layer, Epilogue epilogue, Tensor out) {
        linear.linear(x, layer, epilogue, out);
    }

    @Override
    public void normModulate(Tensor x, Tensor shift, Tensor scale, float eps, Tensor out) {
        float[] weight = RowKernels.values(scale);
        for (int i = 0; i < weight.length; i++) {
            weight[i] += 1f;
        }
        rows.layerNorm(x, weight, RowKernels.values(shift), eps, out);
    }

    @Override
    public void layerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor out) {
        rows.layerNorm(x, RowKernels.values(weight), RowKernels.values(bias), eps, out);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        rows.rmsNorm(x, weight, eps, out);
    }

    @Override
    public void rmsNormRope(Tensor x, Tensor weight, float eps, Rope rope, Tensor out) {
        rows.rmsNormRope(x, weight, eps, rope, out);
    }

    @Override
    public void attention(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        attention.attention(q, contexts, spec, out);
    }

    @Override
    public void activate(Tensor x, Activation activation, Tensor out) {
        rows.activate(x, activation, out);
    }

    @Override
    public void modulation(Tensor parameter, Tensor time, Tensor out) {
        layout.modulation(parameter, time, out);
    }

    @Override
    public void patchify(List<Tensor> parts, Tensor out) {
        layout.patchify(parts, out);
    }

    @Override
    public void unpatchify(Tensor tokens, Tensor out) {
        layout.unpatchify(tokens, out);
    }

    @Override
    public void convolution(Tensor past, Tensor x, Convolution layer, Epilogue epilogue, Tensor out) {
        boolean point = layer.weight().shape().count() == layer.out() * layer.in()
                && layer.geometry().equals(Convolution.Geometry.POINT)
                && past.shape().dim(0) == 0;
        if (point) {
            linear.point(x, layer, epilogue, out);
        } else {
            convolution.convolution(past, x, layer, epilogue, out);
        }
    }

    @Override
    public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
        rows.channelNorm(x, gamma, activation, out);
    }

    @Override
    public void upsample(Tensor x, Tensor out) {
        layout.upsample(x, out);
    }

    @Override
    public void interleaveFrames(Tensor x, Tensor out) {
        layout.interleaveFrames(x, out);
    }

    @Override
    public void copy(Tensor x, Tensor out) {
        rows.copy(x, out);
    }

    @Override
    public void channelsLast(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        layout.channelsLast(x, scale, shift, out);
    }

    @Override
    public void channelsFirst(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        layout.channelsFirst(x, scale, shift, out);
    }

    @Override
    public boolean allFinite(Tensor x) {
        return rows.allFinite(x);
    }

    /** Gives scratch back. */
    void trim() {
        linear.trim();
        attention.trim();
    }

    @Override
    public void close() {
        linear.close();
        attention.close();
        convolution.close();
    }
}
