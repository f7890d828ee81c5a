package io.wan4j.cuda;

import static io.wan4j.cuda.DeviceStorage.address;

import io.wan4j.cuda.library.Cudnn;
import io.wan4j.cuda.library.CudnnConvolution;
import io.wan4j.cuda.library.CudnnHandle;
import io.wan4j.error.DeviceException;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Epilogue;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * BF16 convolutions by the user's cuDNN, as an alternative to {@link ConvolutionKernels}. The library wants the frames
 * that a filter sees in one tensor: so one output frame at a time, from where its input lies if that is all new or all
 * old, else from a copy in scratch, as many rows at a time as fit there. Results that are not just stored are left in
 * scratch and joined by a kernel of ours. What the library does not offer is said once in the log and computed by our
 * kernels.
 */
final class LibraryConvolution implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LibraryConvolution.class);
    private static final long MOST_WORKSPACE = 16L << 20;
    private static final int UNIT = 8;

    private final Launcher launcher;
    private final Scratch scratch;
    private final LibraryPolicy policy;
    private final LibraryHandle<Cudnn, CudnnHandle> library;
    private final ProductJoin joiner;
    private final Map<CudnnConvolution.Problem, Optional<CudnnConvolution>> plans = new HashMap<>();

    LibraryConvolution(
            Launcher launcher, Scratch scratch, LibraryPolicy policy, LibraryHandle<Cudnn, CudnnHandle> library) {
        this.launcher = launcher;
        this.scratch = scratch;
        this.policy = policy;
        this.library = library;
        this.joiner = new ProductJoin(launcher);
    }

    /** Computes it if the library is to do it and offers it; else nothing, and the answer is false. */
    boolean run(Tensor past, Tensor x, Convolution layer, Epilogue epilogue, Tensor out) {
        double operations = 2.0 * out.shape().rows() * layer.weight().shape().count();
        if (!fits(past, x, layer, out)
                || !policy.wants(LibraryTable.Operation.CONVOLUTION_BF16, operations)
                || library.find().isEmpty()) {
            return false;
        }
        scratch.reset();
        long workspace = Math.min(MOST_WORKSPACE, scratch.left() / 4 / 256 * 256);
        Work work = new Work(past, x, layer, epilogue, out);
        List<Piece> pieces = work.pieces(scratch.left() - workspace - 3 * 256);
        List<CudnnConvolution> ready = new ArrayList<>();
        for (Piece piece : pieces) {
            Optional<CudnnConvolution> plan =
                    plans.computeIfAbsent(work.problem(piece), problem -> prepare(problem, layer));
            if (plan.isEmpty() || plan.get().workspace() > workspace) {
                return false;
            }
            ready.add(plan.get());
        }
        for (int i = 0; i < pieces.size(); i++) {
            scratch.reset();
            work.run(pieces.get(i), ready.get(i));
        }
        return !pieces.isEmpty();
    }

    private static boolean fits(Tensor past, Tensor x, Convolution layer, Tensor out) {
        return layer.weight() instanceof Dense dense
                && dense.values().format() == Format.BF16
                && x.format() == Format.BF16
                && past.format() == Format.BF16
                && layer.in() % UNIT == 0
                && layer.out() % UNIT == 0
                && Launcher.aligned(
                        address(past), address(x), address(dense.values()), address(layer.bias()), address(out));
    }

    private Optional<CudnnConvolution> prepare(CudnnConvolution.Problem problem, Convolution layer) {
        try {
            return Optional.of(library.find().orElseThrow().convolution(problem));
        } catch (DeviceException notOffered) {
            LOG.info("{}: own kernels compute it, cuDNN does not: {}", layer.name(), notOffered.getMessage());
            return Optional.empty();
        }
    }

    /**
     * Rows of an output frame.
     *
     * @param frame of the output
     * @param from first row
     * @param to after the last row
     * @param copied whether the input must be copied into one tensor
     */
    private record Piece(long frame, long from, long to, boolean copied) {}

    /** One call. */
    private final class Work {
        private final Tensor past;
        private final Tensor x;
        private final Convolution layer;
        private final Epilogue epilogue;
        private final Tensor out;
        private final long height;
        private final long rowElements;
        private final long missing;
        private final long seen;

        Work(Tensor past, Tensor x, Convolution layer, Epilogue epilogue, Tensor out) {
            this.past = past;
            this.x = x;
            this.layer = layer;
            this.epilogue = epilogue;
            this.out = out;
            this.height = x.shape().dim(1);
            this.rowElements = x.shape().dim(2) * layer.in();
            this.missing = layer.missingFrames(past.shape().dim(0) + x.shape().dim(0));
            this.seen = layer.kernelTime() - missing;
        }

        private boolean joined() {
            return !(epilogue instanceof Epilogue.Store);
        }

        private long firstFrame(long frame) {
            return frame * layer.geometry().strideTime();
        }

        private boolean isSplit(long frame) {
            long first = firstFrame(frame);
            long old = past.shape().dim(0);
            return first < old && first + seen > old;
        }

        /** The output in pieces that need at most so many bytes of scratch; empty if one row needs more. */
        List<Piece> pieces(long bytes) {
            List<Piece> all = new ArrayList<>();
            long rows = out.shape().dim(1);
            for (long frame = 0; frame < out.shape().dim(0); frame++) {
                boolean copied = isSplit(frame);
                long most = Math.min(rows, rowsAtATime(bytes, copied));
                if (most < 1) {
                    return List.of();
                }
                long parts = (rows + most - 1) / most;
                long some = (rows + parts - 1) / parts;
                for (long from = 0; from < rows; from += some) {
                    all.add(new Piece(frame, from, Math.min(rows, from + some), copied));
                }
            }
            return all;
        }

        private long rowsAtATime(long bytes, boolean copied) {
            long inputRow = copied ? seen * rowElements * Format.BF16.bytes() : 0;
            long stride = layer.geometry().strideSpace();
            long outputRow = joined() ? out.shape().dim(2) * layer.out() * Float.BYTES : 0;
            long perRow = inputRow * stride + outputRow;
            return perRow == 0
                    ? Long.MAX_VALUE
                    : (bytes - inputRow * Math.max(0, layer.kernelSpace() - stride)) / perRow;
        }

        /** The first input row that a piece sees, which may be one of zeros. */
        private long top(Piece piece) {
            return piece.from() * layer.geometry().strideSpace()
                    - layer.geometry().before();
        }

        /** The row after the last that a piece sees, which may be one of zeros. */
        private long bottom(Piece piece) {
            return top(piece)
                    + (piece.to() - piece.from() - 1) * layer.geometry().strideSpace()
                    + layer.kernelSpace();
        }

        private long inputRows(Piece piece) {
            return Math.min(height, bottom(piece)) - Math.max(0, top(piece));
        }

        CudnnConvolution.Problem problem(Piece piece) {
            long rows = inputRows(piece);
            long width = x.shape().dim(2);
            long space = layer.kernelSpace();
            int stride = layer.geometry().strideSpace();
            int left = layer.geometry().before();
            long right = Math.max(0, (out.shape().dim(2) - 1) * stride + space - left - width);
            return new CudnnConvolution.Problem(
                    new CudnnConvolution.Input(
                            seen, rows, width, layer.in(), (piece.copied() ? rows : height) * rowElements),
                    new CudnnConvolution.Filter(space, stride, layer.kernelTime() * space * space * layer.in()),
                    new CudnnConvolution.Padding(
                            Math.max(0, -top(piece)), Math.max(0, bottom(piece) - height), left, right),
                    new CudnnConvolution.Output(
                            piece.to() - piece.from(),
                            out.shape().dim(2),
                            layer.out(),
                            joined() ? Format.F32 : out.format()));
        }

        private long frameAddress(long frame) {
            long old = past.shape().dim(0);
            long bytes = height * rowElements * Format.BF16.bytes();
            return frame < old ? address(past) + frame * bytes : address(x) + (frame - old) * bytes;
        }

        private long input(Piece piece) {
            long first = firstFrame(piece.frame());
            long skipped = Math.max(0, top(piece)) * rowElements * Format.BF16.bytes();
            if (!piece.copied()) {
                return frameAddress(first) + skipped;
            }
            long bytes = inputRows(piece) * rowElements * Format.BF16.bytes();
            long copy = scratch.take(seen * bytes);
            for (long i = 0; i < seen; i++) {
                launcher.driver()
                        .copyOnDevice(copy + i * bytes, frameAddress(first + i) + skipped, bytes, launcher.stream());
            }
            return copy;
        }

        void run(Piece piece, CudnnConvolution plan) {
            long space = plan.workspace() == 0 ? 0 : scratch.take(plan.workspace());
            long taps = missing * layer.kernelSpace() * layer.kernelSpace() * layer.in();
            long w = address(((Dense) layer.weight()).values()) + taps * Format.BF16.bytes();
            long columns = layer.out();
            long firstRow = (piece.frame() * out.shape().dim(1) + piece.from())
                    * out.shape().dim(2);
            long rows = (piece.to() - piece.from()) * out.shape().dim(2);
            ProductEpilogue target = ProductEpilogue.store(address(out), out.format(), Math.toIntExact(columns))
                    .withJoin(Joins.of(epilogue))
                    .fromRow(firstRow);
            long input = input(piece);
            long y = joined() ? scratch.take(rows * columns * Float.BYTES) : target.out();
            plan.run(input, w, address(layer.bias()), y, space);
            if (joined()) {
                joiner.run(new ProductJoin.Left(y, columns, Format.F32), target, rows, columns, layer.name());
            }
        }
    }

    @Override
    public void close() {
        plans.values().forEach(plan -> plan.ifPresent(CudnnConvolution::close));
        plans.clear();
    }
}
