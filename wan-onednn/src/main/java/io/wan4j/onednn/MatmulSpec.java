package io.wan4j.onednn;

/**
 * A product {@code C [m,n] = fuse(A [m,k] B [k,n])} as oneDNN sees it.
 *
 * @param m rows of A and C
 * @param n columns of C
 * @param k columns of A
 * @param types element types of the operands
 * @param lda elements between rows of A
 * @param ldc elements between rows of C
 * @param right order of B
 * @param fusion what happens to the sums
 */
record MatmulSpec(long m, long n, long k, Types types, long lda, long ldc, Right right, Fusion fusion) {
    /** oneDNN's numbers for the element types of A, B and C. */
    record Types(int a, int b, int c) {}

    /** Order of B: packed, or rows of {@code stride} elements of B or of its transpose. */
    record Right(Kind kind, long stride) {
        enum Kind {
            /** oneDNN's own order for these types, n and k. */
            PACKED,
            /** B [k,n] row by row. */
            ROWS,
            /** B^T [n,k] row by row. */
            TRANSPOSED
        }

        static final Right PACKED = new Right(Kind.PACKED, 0);
    }

    /**
     * What is fused, in this order.
     *
     * @param columnScale F32 factor of each column
     * @param bias F32 added to each column
     * @param function pointwise function
     * @param gate F32 factor of each column
     * @param sum adds what C held before
     */
    record Fusion(boolean columnScale, boolean bias, Function function, boolean gate, boolean sum) {
        static final Fusion NONE = new Fusion(false, false, Function.IDENTITY, false, false);
        static final Fusion SUM = new Fusion(false, false, Function.IDENTITY, false, true);
        static final Fusion COLUMN_SCALE = new Fusion(true, false, Function.IDENTITY, false, false);

        /** exp(scale * sum). */
        static Fusion exp(float scale) {
            return new Fusion(false, false, new Function(Shape.EXP, scale), false, false);
        }
    }

    /** Pointwise functions. */
    enum Shape {
        IDENTITY,
        EXP,
        GELU_TANH
    }

    /** {@code shape(scale * x)}. */
    record Function(Shape shape, float scale) {
        static final Function IDENTITY = new Function(Shape.IDENTITY, 1f);
        static final Function GELU_TANH = new Function(Shape.GELU_TANH, 1f);

        /** How many of oneDNN's post-operations it is. */
        int operations() {
            return (shape == Shape.IDENTITY ? 0 : 1) + (scale == 1f ? 0 : 1);
        }
    }
}
