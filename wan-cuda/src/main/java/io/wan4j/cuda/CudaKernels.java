package io.wan4j.cuda;

import io.wan4j.cuda.LibraryTable.Library;
import io.wan4j.cuda.library.CublasLt;
import io.wan4j.cuda.library.CublasLtHandle;
import io.wan4j.cuda.library.Cudnn;
import io.wan4j.cuda.library.CudnnHandle;
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
import java.util.Optional;

/** The operations as launches on one stream; none waits for its result but {@link #allFinite}. */
final class CudaKernels implements Kernels, AutoCloseable {
    private final RowKernels rows;
    private final ElementKernels elements;
    private final LibraryHandle<CublasLt, CublasLtHandle> cublasLt;
    private final LibraryHandle<Cudnn, CudnnHandle> cudnn;
    private final LibraryProducts products;
    private final LibraryAttention libraryAttention;
    private final LibraryConvolution libraryConvolution;
    private final LinearKernels linear;
    private final AttentionKernels attention;
    private final ConvolutionKernels convolution;

    CudaKernels(Launcher launcher, CudaMemory memory, boolean quantisedAttention, CudaSetup setup) {
        this.rows = new RowKernels(launcher);
        this.elements = new ElementKernels(launcher, memory.scratch(), memory.staging());
        LibraryPolicy policy = new LibraryPolicy(
                setup.settings().libraries(), setup.libraries().table(), launcher.capability());
        this.cublasLt = new LibraryHandle<>(
                !policy.uses(Library.CUBLASLT).isEmpty(),
                setup.libraries().cublasLt(),
                CublasLt::open,
                CublasLtHandle::close);
        this.cudnn = new LibraryHandle<>(
                !policy.uses(Library.CUDNN).isEmpty(),
                setup.libraries().cudnn(),
                found -> found.open(launcher.stream()),
                CudnnHandle::close);
        this.products = new LibraryProducts(launcher, memory.scratch(), policy, cublasLt);
        this.libraryAttention = new LibraryAttention(memory.scratch(), policy, cudnn);
        this.libraryConvolution = new LibraryConvolution(launcher, memory.scratch(), policy, cudnn);
        this.linear = new LinearKernels(
                launcher,
                memory.scratch(),
                rows,
                new LinearKernels.Alternatives(
                        new HalfSums(launcher, setup.settings().fp8Sums()), products));
        this.attention = new AttentionKernels(
                launcher,
                quantisedAttention ? Optional.of(new QuantisedAttention(launcher, memory.scratch())) : Optional.empty(),
                libraryAttention);
        this.convolution = new ConvolutionKernels(launcher, libraryConvolution);
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
        rows.normalise(x, scale, shift, new RowKernels.Statistics(eps, 1), out);
    }

    @Override
    public void layerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor out) {
        rows.normalise(x, weight, bias, new RowKernels.Statistics(eps, 0), out);
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
        elements.patchify(parts, out);
    }

    @Override
    public void unpatchify(Tensor tokens, Tensor out) {
        elements.unpatchify(tokens, out);
    }

    @Override
    public void convolution(Tensor past, Tensor x, Convolution layer, Epilogue epilogue, Tensor out) {
        convolution.run(past, x, layer, epilogue, out);
    }

    @Override
    public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
        elements.channelNorm(x, gamma, activation, out);
    }

    @Override
    public void upsample(Tensor x, Tensor out) {
        elements.upsample(x, out);
    }

    @Override
    public void interleaveFrames(Tensor x, Tensor out) {
        elements.interleaveFrames(x, out);
    }

    @Override
    public void copy(Tensor x, Tensor out) {
        elements.copy(x, out);
    }

    @Override
    public void channelsLast(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        elements.channelsLast(x, scale, shift, out);
    }

    @Override
    public void channelsFirst(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        elements.channelsFirst(x, scale, shift, out);
    }

    @Override
    public boolean allFinite(Tensor x) {
        return elements.allFinite(x);
    }

    @Override
    public void close() {
        products.close();
        libraryAttention.close();
        libraryConvolution.close();
        cublasLt.close();
        cudnn.close();
    }
}
