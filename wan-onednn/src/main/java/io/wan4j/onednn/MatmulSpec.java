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
     * @param eltwise oneDNN's number of a pointwise function, 0 for none
     * @param gate F32 factor of each column
     * @param sum adds what C held before
     */
    record Fusion(boolean columnScale, boolean bias, int eltwise, boolean gate, boolean sum) {
        static final Fusion NONE = new Fusion(false, false, 0, false, false);
    }
}
