package io.wan4j.onednn;

import io.wan4j.spi.Convolution;
import io.wan4j.spi.Epilogue;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;

/**
 * Convolutions, by {@link TileConvolution} where it can, else strip by strip: some rows of all frames, earlier ones first, are gathered with their borders into
 * scratch, and each output frame of the strip is one oneDNN convolution on one thread.
 */
final class ConvolutionKernel implements AutoCloseable {
    private static final long ROWS = 8;

    private final Workers workers;
    private final Format compute;
    private final TileConvolution tiles;

    ConvolutionKernel(Workers workers, Format compute) {
        this.workers = workers;
        this.compute = compute;
        this.tiles = new TileConvolution(workers);
    }

    /** One call's operands, shared by its tasks. */
    private record Call(Frames frames, Convolution layer, boolean sum, Tensor out) {
        ConvolutionSpec spec(long rows) {
            Shape w = layer.weight().shape();
            Convolution.Geometry g = layer.geometry();
            long width = frames.width();
            long missing = layer.missingFrames(frames.count());
            long right = (out.shape().dim(2) - 1) * g.strideSpace() + w.dim(3) - width - g.before();
            return new ConvolutionSpec(
                    new ConvolutionSpec.Kernel(w.dim(0), w.dim(1), missing, w.dim(2) - missing, w.dim(3)),
                    rows,
                    width,
                    g.before(),
                    right,
                    g.strideSpace(),
                    Md.type(frames.format()),
                    Md.type(out.format()),
                    sum);
        }
    }

    /** See {@link io.wan4j.spi.Kernels#convolution}. */
    void convolution(Tensor past, Tensor x, Convolution layer, Epilogue epilogue, Tensor out) {
        if (out.shape().count() == 0 || tiles.run(past, x, layer, epilogue, out)) {
            return;
        }
        Call call = new Call(new Frames(past, x, compute), layer, epilogue instanceof Epilogue.AddTo, out);
        long height = out.shape().dim(1);
        int strips = Math.toIntExact((height + ROWS - 1) / ROWS);
        long last = height - (strips - 1) * ROWS;
        long[] weights = new long[2];
        workers.run(1, (worker, i) -> {
            weights[0] = weight(worker, call, Math.min(ROWS, height));
            weights[1] = weight(worker, call, last);
        });
        workers.run(strips, (worker, strip) -> {
            long rows = strip == strips - 1 ? last : ROWS;
            strip(worker, call, strip * ROWS, call.spec(rows), rows == last ? weights[1] : weights[0]);
        });
    }

    private static long weight(Worker worker, Call call, long rows) {
        ConvolutionSpec spec = call.spec(rows);
        Tensor values = ((Dense) call.layer().weight()).values();
        if (values.storage() instanceof ConvolutionWeight weight) {
            return weight.address(worker, compiled(worker, spec), spec.kernel());
        }
        throw new IllegalArgumentException(
                call.layer().name() + ": expected a weight placed on this device as a convolution");
    }

    private static Primitive compiled(Worker worker, ConvolutionSpec spec) {
        return worker.primitive(spec, () -> Convolutions.create(spec));
    }

    private static void strip(Worker worker, Call call, long row, ConvolutionSpec spec, long weight) {
        Frames frames = call.frames();
        long stripBytes = spec.rowsIn() * frames.lineBytes();
        long base = worker.nativeScratch(Worker.Piece.LEFT, frames.count() * stripBytes);
        frames.gather(worker, row * spec.stride() - spec.before(), spec.rowsIn(), base);
        Shape out = call.out().shape();
        long outLine = out.dim(2) * out.dim(3) * call.out().format().bytes();
        long bias = NativeStorage.address(call.layer().bias());
        Primitive primitive = compiled(worker, spec);
        for (long t = 0; t < out.dim(0); t++) {
            long input = base + t * call.layer().geometry().strideTime() * stripBytes;
            long result = NativeStorage.address(call.out()) + (t * out.dim(1) + row) * outLine;
            worker.run(primitive, input, weight, bias, result);
        }
    }

    @Override
    public void close() {
        tiles.close();
    }
}
