package io.wan4j.ops;

import io.wan4j.error.ShapeException;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;

/** Argument checks of the operations; each failure names operation, argument, expected and got. */
final class Check {
    private Check() {}

    static void shape(String where, String what, Tensor tensor, Shape expected) {
        if (!tensor.shape().equals(expected)) {
            throw new ShapeException(where + ": " + what + ": expected " + expected + ", got " + tensor.shape());
        }
    }

    static void that(boolean holds, String where, String expected, Object got) {
        if (!holds) {
            throw new ShapeException(where + ": expected " + expected + ", got " + got);
        }
    }

    static void rank(String where, String what, Tensor tensor, int rank) {
        if (tensor.shape().rank() != rank) {
            throw new ShapeException(where + ": " + what + ": expected rank " + rank + ", got " + tensor.shape());
        }
    }

    /** A parameter vector: F32 with {@code columns} elements. */
    static void vector(String where, String what, Tensor tensor, long columns) {
        format(where, what, tensor, Format.F32);
        if (tensor.shape().count() != columns) {
            throw new ShapeException(where + ": " + what + ": expected " + columns + " values, got " + tensor.shape());
        }
    }

    static void format(String where, String what, Tensor tensor, Format expected) {
        if (tensor.format() != expected) {
            throw new ShapeException(where + ": " + what + ": expected " + expected + ", got " + tensor.format());
        }
    }

    /** An activation that is not quantised: F32 or BF16. */
    static void activation(String where, String what, Tensor tensor) {
        if (tensor.format() != Format.F32 && tensor.format() != Format.BF16) {
            throw new ShapeException(where + ": " + what + ": expected F32 or BF16, got " + tensor.format());
        }
    }
}
