package io.wan4j.cuda.library;

import io.wan4j.error.DeviceException;
import io.wan4j.tensor.Format;

/** cuBLASLt in one context. Used from one thread at a time. */
public final class CublasLtHandle implements AutoCloseable {
    private static final String SET = "cublasLtMatmulDescSetAttribute";

    // constants of cublasLt.h and library_types.h
    private static final int COMPUTE_32F = 68;
    private static final int COMPUTE_32I = 72;
    private static final int R_32F = 0;
    private static final int R_8I = 3;
    private static final int R_32I = 10;
    private static final int R_16BF = 14;
    private static final int R_8F_E4M3 = 28;
    private static final int TRANSPOSE_A = 3;
    private static final int A_SCALE = 17;
    private static final int B_SCALE = 18;
    private static final int FAST_ACCUMULATION = 25;
    private static final int A_SCALE_MODE = 31;
    private static final int B_SCALE_MODE = 32;
    private static final int SCALE_A_ROW = 3;
    private static final int MAX_WORKSPACE = 1;
    private static final int ALGORITHM_BYTES = 64;
    private static final int RESULT_BYTES = 96;

    private final CublasLt library;
    private final long handle;

    CublasLtHandle(CublasLt library, long handle) {
        this.library = library;
        this.handle = handle;
    }

    @Override
    public void close() {
        library.call("cublasLtDestroy", handle);
    }

    private static int type(Format format) {
        return switch (format) {
            case F32 -> R_32F;
            case BF16 -> R_16BF;
            case I8 -> R_8I;
            case F8_E4M3 -> R_8F_E4M3;
            default -> throw new IllegalArgumentException("cuBLASLt: no type for " + format);
        };
    }

    /**
     * Prepares a product, with the algorithm that the library thinks best; the caller closes it.
     *
     * @param workspace bytes of device memory that a run may use
     * @throws DeviceException if the library does not offer this product
     */
    public Product product(LtProblem problem, long workspace) {
        Product product = new Product(problem, workspace);
        try {
            product.prepare();
            return product;
        } catch (RuntimeException | Error failure) {
            product.close();
            throw failure;
        }
    }

    /** A product that is ready to run any number of times. */
    public final class Product implements AutoCloseable {
        private final LtProblem problem;
        private final long workspace;
        private final long[] layouts = new long[3];
        private final byte[] algorithm = new byte[ALGORITHM_BYTES];
        private long description;

        private Product(LtProblem problem, long workspace) {
            this.problem = problem;
            this.workspace = workspace;
        }

        private void prepare() {
            LtProblem.Extents e = problem.extents();
            int operand = type(problem.operands());
            // column-major: y^T [columns, rows] = (w^T [depth, columns])^T x^T [depth, rows]
            layouts[0] =
                    layout(operand, e.depth(), e.columns(), problem.pitches().w());
            layouts[1] = layout(operand, e.depth(), e.rows(), problem.pitches().x());
            int result = problem.isInteger() ? R_32I : type(problem.result());
            layouts[2] = layout(result, e.columns(), e.rows(), problem.pitches().y());
            description = problem.isInteger()
                    ? library.create("cublasLtMatmulDescCreate", COMPUTE_32I, R_32I)
                    : library.create("cublasLtMatmulDescCreate", COMPUTE_32F, R_32F);
            setInt(TRANSPOSE_A, 1);
            problem.scales().ifPresent(this::scales);
            choose();
        }

        private long layout(int type, long rows, long columns, long pitch) {
            return library.create("cublasLtMatrixLayoutCreate", type, rows, columns, pitch);
        }

        private void setInt(int attribute, int value) {
            library.call(SET, description, attribute, new int[] {value}, 4L);
        }

        private void scales(LtProblem.Scales scales) {
            library.call(SET, description, A_SCALE, new long[] {scales.w()}, 8L);
            library.call(SET, description, B_SCALE, new long[] {scales.x()}, 8L);
            if (scales.aRow()) {
                setInt(A_SCALE_MODE, SCALE_A_ROW);
                setInt(B_SCALE_MODE, SCALE_A_ROW);
            }
            library.call(SET, description, FAST_ACCUMULATION, new byte[] {1}, 1L);
        }

        private void choose() {
            long preference = library.create("cublasLtMatmulPreferenceCreate");
            try {
                library.call(
                        "cublasLtMatmulPreferenceSetAttribute", preference, MAX_WORKSPACE, new long[] {workspace}, 8L);
                byte[] result = new byte[RESULT_BYTES];
                int[] found = new int[1];
                library.call(
                        "cublasLtMatmulAlgoGetHeuristic",
                        handle,
                        description,
                        layouts[0],
                        layouts[1],
                        layouts[2],
                        layouts[2],
                        preference,
                        1,
                        result,
                        found);
                if (found[0] == 0) {
                    throw new DeviceException("cuBLASLt: no algorithm for " + problem);
                }
                System.arraycopy(result, 0, algorithm, 0, ALGORITHM_BYTES);
            } finally {
                library.call("cublasLtMatmulPreferenceDestroy", preference);
            }
        }

        /**
         * Starts the product on a stream.
         *
         * @param x first element of x
         * @param w first element of w
         * @param y first element of the result
         * @param space workspace of as many bytes as the product was prepared for
         * @param stream where
         */
        public void run(long x, long w, long y, long space, long stream) {
            Object one = problem.isInteger() ? new int[] {1} : new float[] {1};
            Object zero = problem.isInteger() ? new int[] {0} : new float[] {0};
            library.call(
                    "cublasLtMatmul",
                    handle,
                    description,
                    one,
                    w,
                    layouts[0],
                    x,
                    layouts[1],
                    zero,
                    y,
                    layouts[2],
                    y,
                    layouts[2],
                    algorithm,
                    space,
                    workspace,
                    stream);
        }

        @Override
        public void close() {
            for (int i = 0; i < layouts.length; i++) {
                if (layouts[i] != 0) {
                    library.call("cublasLtMatrixLayoutDestroy", layouts[i]);
                    layouts[i] = 0;
                }
            }
            if (description != 0) {
                library.call("cublasLtMatmulDescDestroy", description);
                description = 0;
            }
        }
    }
}
