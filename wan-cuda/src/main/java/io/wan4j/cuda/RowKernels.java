package io.wan4j.cuda;

import static io.wan4j.cuda.DeviceStorage.address;
import static io.wan4j.cuda.Launcher.name;

import io.wan4j.cuda.driver.KernelArguments;
import io.wan4j.cuda.driver.LaunchShape;
import io.wan4j.error.UnsupportedException;
import io.wan4j.spi.Rope;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;

/** Kernels that read a row, reduce over it and write it: one block a row. */
final class RowKernels {
    private static final int MOST_THREADS = 256;
    private static final int MOST_COLUMNS = 24_000; // a row in F32 in the shared memory of every architecture

    private final Launcher launcher;

    RowKernels(Launcher launcher) {
        this.launcher = launcher;
    }

    /** Offset 1 modulates, offset 0 is a LayerNorm. */
    void normalise(Tensor x, Tensor scale, Tensor shift, Statistics statistics, Tensor out) {
        boolean vector = isVector(x, out) && Launcher.aligned(address(scale), address(shift));
        KernelArguments arguments = new KernelArguments()
                .pointer(address(x))
                .pointer(address(scale))
                .pointer(address(shift))
                .pointer(address(out))
                .pointer(scales(out))
                .int32(x.shape().columns())
                .int32(vector ? 1 : 0)
                .float32(statistics.eps())
                .float32(statistics.offset());
        launch("norm_modulate", x, out, vector, arguments);
    }

    /**
     * Constants of a normalisation.
     *
     * @param eps added to the variance
     * @param offset added to the scale
     */
    record Statistics(float eps, float offset) {}

    void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        boolean vector = isVector(x, out) && Launcher.aligned(address(weight));
        KernelArguments arguments = new KernelArguments()
                .pointer(address(x))
                .pointer(address(weight))
                .pointer(address(out))
                .pointer(scales(out))
                .int32(x.shape().columns())
                .int32(vector ? 1 : 0)
                .float32(eps);
        launch("rms_norm", x, out, vector, arguments);
    }

    void rmsNormRope(Tensor x, Tensor weight, float eps, Rope rope, Tensor out) {
        boolean vector = isVector(x, out) && Launcher.aligned(address(weight));
        long headDim = x.shape().columns() / rope.heads();
        KernelArguments arguments = new KernelArguments()
                .pointer(address(x))
                .pointer(address(weight))
                .pointer(address(rope.table()))
                .pointer(address(out))
                .int32(x.shape().columns())
                .int32(vector ? 1 : 0)
                .float32(eps)
                .int32(headDim / 2);
        launch("rms_norm_rope", x, out, vector, arguments);
    }

    /** Rows to quantise, which may be a part of a tensor or lie in scratch. */
    record Rows(long address, Format format, long count, int columns, int pitch) {}

    /** Where codes and scales go. */
    record Codes(long address, Format format, int pitch, long scales) {}

    void quantise(Rows rows, Codes codes, Object what) {
        boolean vector = rows.columns() % 8 == 0
                && rows.pitch() % 8 == 0
                && codes.pitch() % 8 == 0
                && Launcher.aligned(rows.address(), codes.address());
        KernelArguments arguments = new KernelArguments()
                .pointer(rows.address())
                .pointer(codes.address())
                .pointer(codes.scales())
                .int32(rows.columns())
                .int32(vector ? 1 : 0)
                .int32(rows.pitch())
                .int32(codes.pitch());
        launcher.launch(
                call(
                        "quantise_rows",
                        "_" + name(rows.format()) + "_" + name(codes.format()),
                        rows.count(),
                        rows.columns(),
                        vector),
                arguments,
                what);
    }

    private void launch(String file, Tensor x, Tensor out, boolean vector, KernelArguments arguments) {
        if (x.shape().count() == 0) {
            return;
        }
        String suffix = "_" + name(x.format()) + "_" + name(out.format());
        int columns = Math.toIntExact(x.shape().columns());
        launcher.launch(call(file, suffix, x.shape().rows(), columns, vector), arguments, x + " to " + out);
    }

    private static Launcher.Call call(String file, String suffix, long rows, int columns, boolean vector) {
        if (columns > MOST_COLUMNS) {
            throw new UnsupportedException(
                    file + ": expected at most " + MOST_COLUMNS + " columns on CUDA, got " + columns);
        }
        int items = vector ? columns / 8 : columns;
        int threads = Math.min(MOST_THREADS, (items + 31) / 32 * 32);
        int shared = (columns * Float.BYTES + 15) / 16 * 16;
        return new Launcher.Call(file, file + suffix, LaunchShape.of(Math.toIntExact(rows)), threads, shared);
    }

    private static boolean isVector(Tensor x, Tensor out) {
        return x.shape().columns() % 8 == 0 && Launcher.aligned(address(x), address(out));
    }

    private static long scales(Tensor out) {
        return out.scales().map(DeviceStorage::address).orElse(0L);
    }
}
