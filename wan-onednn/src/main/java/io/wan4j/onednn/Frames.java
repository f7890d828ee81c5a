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
