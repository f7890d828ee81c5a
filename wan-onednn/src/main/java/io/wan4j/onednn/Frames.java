package io.wan4j.onednn;

import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import org.bytedeco.javacpp.Pointer;

/** Frames of two tensors [.., H, W, C] in a row, read strip by strip in one format. */
final class Frames {
    private final Tensor past;
    private final Tensor x;
    private final Format format;
    private final View[] views;

    /** @param format of the strips: F32 or BF16 */
    Frames(Tensor past, Tensor x, Format format) {
        this.past = past;
        this.x = x;
        this.format = format;
        this.views = x.format() == format ? new View[0] : new View[] {new View(past), new View(x)};
    }

    Format format() {
        return format;
    }

    long count() {
        return past.shape().dim(0) + x.shape().dim(0);
    }

    long width() {
        return x.shape().dim(2);
    }

    private long line() {
        return x.shape().dim(2) * x.shape().dim(3);
    }

    /** Bytes of a row of pixels in a strip. */
    long lineBytes() {
        return line() * format.bytes();
    }

    /** Copies rows {@code first .. first + rows} of every frame, one frame after the other; rows outside are zero. */
    void gather(Worker worker, long first, long rows, long target) {
        Shape s = x.shape();
        long pastFrames = past.shape().dim(0);
        long height = s.dim(1);
        long above = Math.min(rows, Math.max(0, -first));
        long inside = Math.max(0, Math.min(first + rows, height) - Math.max(first, 0));
        long below = rows - above - inside;
        for (long f = 0; f < count(); f++) {
            int part = f < pastFrames ? 0 : 1;
            long index = part == 0 ? f : f - pastFrames;
            long at = target + f * rows * lineBytes();
            zero(at, above * lineBytes());
            long row = index * height + Math.max(first, 0);
            copy(worker, part, row * line(), inside * line(), at + above * lineBytes());
            zero(at + (above + inside) * lineBytes(), below * lineBytes());
        }
    }

    /** Rows and columns of a frame; what lies outside is zero. */
    record Window(long row, long rows, long column, long columns) {}

    /** Copies a window of a frame that is in the strips' format already. */
    void gather(long frame, Window window, long target) {
        Shape s = x.shape();
        long pastFrames = past.shape().dim(0);
        Tensor from = frame < pastFrames ? past : x;
        long index = frame < pastFrames ? frame : frame - pastFrames;
        long pixel = s.dim(3) * format.bytes();
        long lineBytes = window.columns() * pixel;
        long left = Math.max(0, -window.column()) * pixel;
        long right = Math.max(0, window.column() + window.columns() - s.dim(2)) * pixel;
        long source = NativeStorage.address(from) + (index * s.dim(1) * s.dim(2) + window.column()) * pixel + left;
        try (Address to = new Address();
                Address at = new Address()) {
            for (long r = 0; r < window.rows(); r++) {
                long row = window.row() + r;
                long line = target + r * lineBytes;
                if (row < 0 || row >= s.dim(1)) {
                    Pointer.memset(to.at(line), 0, lineBytes);
                    continue;
                }
                if (left > 0) {
                    Pointer.memset(to.at(line), 0, left);
                }
                if (right > 0) {
                    Pointer.memset(to.at(line + lineBytes - right), 0, right);
                }
                Pointer.memcpy(to.at(line + left), at.at(source + row * s.dim(2) * pixel), lineBytes - left - right);
            }
        }
    }

    private static void zero(long target, long bytes) {
        if (bytes > 0) {
            try (Address to = new Address()) {
                Pointer.memset(to.at(target), 0, bytes);
            }
        }
    }

    private void copy(Worker worker, int part, long from, long count, long target) {
        if (count == 0) {
            return;
        }
        if (views.length == 0) {
            Tensor source = part == 0 ? past : x;
            try (Address to = new Address();
                    Address at = new Address()) {
                Pointer.memcpy(
                        to.at(target),
                        at.at(NativeStorage.address(source) + from * format.bytes()),
                        count * format.bytes());
            }
            return;
        }
        View out = new View(target, count, format);
        int piece = (int) Math.min(count, 1 << 14);
        float[] values = worker.floats(0, piece);
        short[] halves = worker.halves(piece);
        for (long i = 0; i < count; i += piece) {
            int here = (int) Math.min(piece, count - i);
            views[part].read(from + i, values, 0, here, worker.lanes(), halves);
            out.write(i, values, 0, here, worker.lanes(), halves);
        }
    }
}
