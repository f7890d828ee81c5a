package io.wan4j.tensor;

import io.wan4j.error.ShapeException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A handle to a dense row-major array on some device: shape, format, storage. A handle owns nothing; the scope that
 * allocated the storage frees it.
 *
 * <p>A tensor of 8-bit codes made by quantising activations carries its row scales: the value of {@code codes[r][c]} is
 * {@code code * scales[r]}.
 */
public final class Tensor {
    private final Shape shape;
    private final Format format;
    private final Storage storage;
    private final @Nullable Tensor scales;

    private Tensor(Shape shape, Format format, Storage storage, @Nullable Tensor scales) {
        this.shape = shape;
        this.format = format;
        this.storage = storage;
        this.scales = scales;
    }

    /** A tensor over this storage, which holds at least {@code shape.count() * format.bytes()} bytes. */
    public static Tensor of(Shape shape, Format format, Storage storage) {
        long needed = Math.multiplyExact(shape.count(), (long) format.bytes());
        if (storage.bytes() < needed) {
            throw new ShapeException(
                    "tensor " + shape + " " + format + ": expected " + needed + " bytes, got " + storage.bytes());
        }
        return new Tensor(shape, format, storage, null);
    }

    /** Codes (F8_E4M3 or I8) of shape [rows.., columns] with one F32 scale per row. */
    public static Tensor ofCodes(Tensor codes, Tensor scales) {
        if (!codes.format.isCode() || scales.format != Format.F32 || scales.shape.count() != codes.shape.rows()) {
            throw new ShapeException("codes with row scales: expected F8_E4M3 or I8 with one F32 scale per row, got "
                    + codes + " with " + scales);
        }
        return new Tensor(codes.shape, codes.format, codes.storage, scales);
    }

    /** Extents. */
    public Shape shape() {
        return shape;
    }

    /** Element format. */
    public Format format() {
        return format;
    }

    /** The memory. */
    public Storage storage() {
        return storage;
    }

    /** F32 scales, one a row, if this tensor holds quantised activations. */
    public Optional<Tensor> scales() {
        return Optional.ofNullable(scales);
    }

    /** Bytes of the elements, without scales. */
    public long bytes() {
        return shape.count() * format.bytes();
    }

    /** The same elements under another shape with as many elements. */
    public Tensor reshape(long... dims) {
        Shape target = Shape.of(dims);
        if (target.count() != shape.count() || (scales != null && target.rows() != shape.rows())) {
            throw new ShapeException("reshape: expected as many elements as " + shape + ", got " + target);
        }
        return new Tensor(target, format, storage, scales);
    }

    /** A view of the entries {@code from <= i < to} of the first axis. */
    public Tensor slice(long from, long to) {
        if (shape.rank() == 0 || from < 0 || to < from || to > shape.dim(0)) {
            throw new ShapeException(
                    "slice " + from + ".." + to + ": expected a range within the first axis of " + shape);
        }
        long stride = shape.dim(0) == 0 ? 0 : shape.count() / shape.dim(0) * format.bytes();
        Storage part = storage.slice(from * stride, (to - from) * stride);
        Tensor partScales = null;
        if (scales != null) {
            long rowsPerEntry = shape.dim(0) == 0 ? 0 : shape.rows() / shape.dim(0);
            partScales = scales.reshape(scales.shape.count()).slice(from * rowsPerEntry, to * rowsPerEntry);
        }
        return new Tensor(shape.withFirst(to - from), format, part, partScales);
    }

    /** Entry {@code index} of the first axis, with that axis dropped. */
    public Tensor entry(long index) {
        Tensor one = slice(index, index + 1);
        long[] dims = one.shape.toArray();
        long[] rest = new long[dims.length - 1];
        System.arraycopy(dims, 1, rest, 0, rest.length);
        return new Tensor(Shape.of(rest), format, one.storage, one.scales);
    }

    /** For example {@code [1560,5120] BF16}. */
    @Override
    public String toString() {
        return shape + " " + format;
    }
}
