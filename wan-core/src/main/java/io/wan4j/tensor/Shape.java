package io.wan4j.tensor;

import io.wan4j.error.ShapeException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The extents of a tensor, outermost first; the last axis is contiguous in memory. Rank 0 is a scalar with one element.
 * Extents may be zero. Immutable.
 */
public final class Shape {
    private final long[] dims;
    private final long count;

    private Shape(long[] dims) {
        long product = 1;
        for (long dim : dims) {
            if (dim < 0) {
                throw new ShapeException("shape " + Arrays.toString(dims) + ": expected extents >= 0");
            }
            try {
                product = Math.multiplyExact(product, dim);
            } catch (ArithmeticException overflow) {
                throw new ShapeException("shape " + Arrays.toString(dims) + ": more than 2^63 elements", overflow);
            }
        }
        this.dims = dims;
        this.count = product;
    }

    /** The shape with these extents, outermost first. */
    public static Shape of(long... dims) {
        return new Shape(dims.clone());
    }

    /** The shape with these extents, outermost first. */
    public static Shape of(List<Long> dims) {
        return new Shape(dims.stream().mapToLong(Long::longValue).toArray());
    }

    /** Number of axes. */
    public int rank() {
        return dims.length;
    }

    /** Extent of an axis; negative axes count from the end, so {@code dim(-1)} is the contiguous one. */
    public long dim(int axis) {
        int index = axis < 0 ? axis + dims.length : axis;
        if (index < 0 || index >= dims.length) {
            throw new ShapeException(
                    "shape " + this + ": expected an axis below rank " + dims.length + ", got " + axis);
        }
        return dims[index];
    }

    /** Number of elements. */
    public long count() {
        return count;
    }

    /** Product of all extents but the last; 1 for rank 0 and 1. */
    public long rows() {
        long rows = 1;
        for (int axis = 0; axis < dims.length - 1; axis++) {
            rows *= dims[axis];
        }
        return rows;
    }

    /** Extent of the last axis; 1 for a scalar. */
    public long columns() {
        return dims.length == 0 ? 1 : dims[dims.length - 1];
    }

    /** This shape with the first axis set to {@code extent}. */
    public Shape withFirst(long extent) {
        long[] copy = dims.clone();
        copy[0] = extent;
        return new Shape(copy);
    }

    /** This shape with the last axis set to {@code extent}. */
    public Shape withLast(long extent) {
        long[] copy = dims.clone();
        copy[copy.length - 1] = extent;
        return new Shape(copy);
    }

    /** A copy of the extents, outermost first. */
    public long[] toArray() {
        return dims.clone();
    }

    /** The extents as a list, outermost first. */
    public List<Long> toList() {
        return Arrays.stream(dims).boxed().toList();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape that && Arrays.equals(dims, that.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** For example {@code [5120,5120]}; {@code []} for a scalar. */
    @Override
    public String toString() {
        return Arrays.stream(dims).mapToObj(Long::toString).collect(Collectors.joining(",", "[", "]"));
    }
}
