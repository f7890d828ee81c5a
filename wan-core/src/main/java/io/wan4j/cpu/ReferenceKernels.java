package io.wan4j.cpu;

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

/** The operations in plain Java. */
final class ReferenceKernels implements Kernels {
    private final LinearKernel linear;
    private final NormKernels norms;
    private final AttentionKernel attention;
    private final ConvolutionKernel convolution;
    private final ElementKernels elements;
    private final LayoutKernels layout;

    ReferenceKernels(Workers workers) {
        this.linear = new LinearKernel(workers);
        this.norms = new NormKernels(workers);
        this.attention = new AttentionKernel(workers);
        this.convolution = new ConvolutionKernel(workers);
        this.elements = new ElementKernels(workers);
        this.layout = new LayoutKernels(workers);
    }

    @Override
    public void gather(Tensor table, int[] ids, Tensor out) {
        elements.gather(table, ids, out);
    }

    @Override
    public void linear(Tensor x, Linear layer, Epilogue epilogue, Tensor out) {
        linear.run(x, layer, epilogue, out);
    }

    @Override
    public void normModulate(Tensor x, Tensor shift, Tensor scale, float eps, Tensor out) {
        norms.normModulate(x, shift, scale, eps, out);
    }

    @Override
    public void layerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor out) {
        norms.layerNorm(x, weight, bias, eps, out);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        norms.rmsNorm(x, weight, eps, out);
    }

    @Override
    public void rmsNormRope(Tensor x, Tensor weight, float eps, Rope rope, Tensor out) {
        norms.rmsNormRope(x, weight, eps, rope, out);
    }

    @Override
    public void attention(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        attention.run(q, contexts, spec, out);
    }

    @Override
    public void activate(Tensor x, Activation activation, Tensor out) {
        elements.activate(x, activation, out);
    }

    @Override
    public void modulation(Tensor parameter, Tensor time, Tensor out) {
        elements.modulation(parameter, time, out);
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
        convolution.run(past, x, layer, epilogue, out);
    }

    @Override
    public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
        norms.channelNorm(x, gamma, activation, out);
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
        elements.copy(x, out);
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
        return elements.allFinite(x);
    }
}
