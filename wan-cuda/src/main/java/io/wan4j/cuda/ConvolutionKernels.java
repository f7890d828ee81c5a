package io.wan4j.cuda;

import static io.wan4j.cuda.DeviceStorage.address;

import io.wan4j.cuda.driver.KernelArguments;
import io.wan4j.cuda.driver.LaunchShape;
import io.wan4j.error.UnsupportedException;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Epilogue;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;

/** Causal 3-D convolution as a matrix product. */
final class ConvolutionKernels {
    private final Launcher launcher;
    private final LibraryConvolution library;

    ConvolutionKernels(Launcher launcher, LibraryConvolution library) {
        this.launcher = launcher;
        this.library = library;
    }

    void run(Tensor past, Tensor x, Convolution layer, Epilogue epilogue, Tensor out) {
        if (!(layer.weight() instanceof Dense dense)) {
            throw new UnsupportedException(
                    layer.name() + ": expected a convolution in a floating format, got 8-bit codes");
        }
        if (out.shape().count() == 0 || library.run(past, x, layer, epilogue, out)) {
            return;
        }
        Shape shape = out.shape();
        long rows = shape.rows();
        int columns = Math.toIntExact(shape.columns());
        int channels = Math.toIntExact(layer.in());
        boolean exact = dense.values().format() == Format.F32;
        int padded = exact ? channels : (channels + 7) / 8 * 8; // as the weight was placed
        long tapBytes = (long) padded * dense.values().format().bytes();
        long frameTaps = layer.kernelSpace() * layer.kernelSpace();
        // Taps on frames that are missing, which are zeros, stand first in every row of the weight.
        long missing = layer.missingFrames(past.shape().dim(0) + x.shape().dim(0)) * frameTaps;
        ProductEpilogue joined = ProductEpilogue.store(address(out), out.format(), columns)
                .withBias(address(layer.bias()))
                .withJoin(Joins.of(epilogue));
        KernelArguments arguments = joined.write(
                new KernelArguments().pointer(address(dense.values()) + missing * tapBytes), rows, columns);
        writeInput(arguments, past, x, layer, out)
                .int32(layer.kernelTime() * frameTaps - missing)
                .int32(layer.kernelTime() * frameTaps * tapBytes);
        if (exact) {
            launcher.launch(
                    Launcher.Call.of(
                            "convolution_f32",
                            "convolution_f32_" + Launcher.name(x.format()) + "_" + Launcher.name(out.format()),
                            Launcher.blocks(rows * columns, 256),
                            256),
                    arguments,
                    layer.name() + " on " + x);
            return;
        }
        boolean vector = x.format() == Format.BF16 && padded == channels && Launcher.aligned(address(past), address(x));
        launcher.launch(choose(rows, columns, vector, x, out), arguments, layer.name() + " on " + x);
    }

    private Launcher.Call choose(long rows, int columns, boolean vector, Tensor x, Tensor out) {
        boolean medium = vector
                && out.format() == Format.BF16
                && columns > 64
                && Launcher.blocks(rows, 128) * Launcher.blocks(columns, 128) >= launcher.multiprocessors();
        int side = medium ? 128 : 64;
        String size = medium ? "medium" : vector ? "small" : "any";
        int shared = 2 * side * 64 * (medium ? 4 : 3);
        LaunchShape blocks =
                LaunchShape.of(Math.toIntExact(Launcher.blocks(rows, side) * Launcher.blocks(columns, side)));
        String kernel =
                "convolution_bf16_" + Launcher.name(x.format()) + "_" + Launcher.name(out.format()) + "_" + size;
        return new Launcher.Call("convolution_bf16", kernel, blocks, medium ? 256 : 128, shared);
    }

    /** The structure {@code Input} up to its taps. */
    private static KernelArguments writeInput(
            KernelArguments arguments, Tensor past, Tensor x, Convolution layer, Tensor out) {
        int channels = Math.toIntExact(layer.in());
        int padded = ((Dense) layer.weight()).values().format() == Format.F32 ? channels : (channels + 7) / 8 * 8;
        return arguments
                .pointer(address(past))
                .pointer(address(x))
                .int32(past.shape().dim(0))
                .int32(x.shape().dim(1))
                .int32(x.shape().dim(2))
                .int32(channels)
                .int32(padded)
                .int32(layer.kernelSpace())
                .int32(layer.geometry().strideTime())
                .int32(layer.geometry().strideSpace())
                .int32(layer.geometry().before())
                .int32(out.shape().dim(1))
                .int32(out.shape().dim(2));
    }
}
