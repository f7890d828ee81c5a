package io.wan4j.gpucheck;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.cuda.driver.PinnedMemory;
import io.wan4j.error.DeviceException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Products {@code y = x w^T} by cuBLASLt on random operands: BF16 to BF16, I8 to I32, E4M3 to BF16 with a scale a row
 * where the library offers it, else with one for all. Without bias and, for I8, without scaling: the bare product.
 */
final class CublasLtProducts implements AutoCloseable {
    private static final long WORKSPACE = 32L << 20;
    private static final int PIECE = 16 << 20;
    private static final String SET = "cublasLtMatmulDescSetAttribute";

    /** Constants of cublasLt.h and library_types.h. */
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
    private final CudaDriver driver;
    private final long stream;
    private final Pointer handle;
    private final PinnedMemory staging;

    CublasLtProducts(CublasLt library, CudaDriver driver, long stream) {
        this.library = library;
        this.driver = driver;
        this.stream = stream;
        this.handle = library.create("cublasLtCreate");
        this.staging = driver.allocatePinned(PIECE);
    }

    @Override
    public void close() {
        driver.freePinned(staging);
        library.call("cublasLtDestroy", handle);
    }

    /** How the numbers of a kind are stored. */
    private record Types(int operand, int result, int resultBytes, int compute, int scale) {
        static Types of(String kind) {
            return switch (kind) {
                case "i8" -> new Types(R_8I, R_32I, 4, COMPUTE_32I, R_32I);
                case "f8_e4m3" -> new Types(R_8F_E4M3, R_16BF, 2, COMPUTE_32F, R_32F);
                case "bf16" -> new Types(R_16BF, R_16BF, 2, COMPUTE_32F, R_32F);
                default -> throw new IllegalArgumentException("cublasLt: no product of kind " + kind);
            };
        }

        int operandBytes() {
            return operand == R_16BF ? 2 : 1;
        }
    }

    /** Prepares a product; the caller closes it. */
    Product product(KernelCase wanted) {
        long m = number(wanted, "m");
        long n = number(wanted, "n");
        long k = number(wanted, "k");
        Product product = new Product(Types.of(wanted.kind()), m, n, k);
        try {
            product.prepare();
            return product;
        } catch (RuntimeException | Error failure) {
            product.close();
            throw failure;
        }
    }

    private static long number(KernelCase wanted, String key) {
        return ((Number) wanted.peer().getOrDefault(key, 0)).longValue();
    }

    /** A product that is ready to run. */
    final class Product implements AutoCloseable {
        private final Types types;
        private final long m;
        private final long n;
        private final long k;
        private final List<Long> blocks = new ArrayList<>();
        private final Memory result = new Memory(RESULT_BYTES);
        private final Memory one = new Memory(4);
        private final Memory nothing = new Memory(4);
        private final List<Pointer> layouts = new ArrayList<>();
        private @Nullable Pointer description;
        private long w;
        private long x;
        private long y;
        private long workspace;
        private String scaling = "no scales";

        private Product(Types types, long m, long n, long k) {
            this.types = types;
            this.m = m;
            this.n = n;
            this.k = k;
        }

        /** Which scales are applied. */
        String scaling() {
            return scaling;
        }

        private void prepare() {
            w = random(n * k * types.operandBytes());
            x = random(m * k * types.operandBytes());
            y = allocate(m * n * types.resultBytes());
            workspace = allocate(WORKSPACE);
            if (types.compute() == COMPUTE_32I) {
                one.setInt(0, 1);
                nothing.setInt(0, 0);
            } else {
                one.setFloat(0, 1);
                nothing.setFloat(0, 0);
            }
            // column-major: y^T [n, m] = (w^T [k, n])^T x^T [k, m]
            layouts.add(library.create("cublasLtMatrixLayoutCreate", types.operand(), k, n, k));
            layouts.add(library.create("cublasLtMatrixLayoutCreate", types.operand(), k, m, k));
            layouts.add(library.create("cublasLtMatrixLayoutCreate", types.result(), n, m, n));
            if (types.operand() != R_8F_E4M3) {
                describe();
                choose();
                return;
            }
            try {
                describe();
                scales(true);
                choose();
            } catch (DeviceException notOffered) {
                describe();
                scales(false);
                choose();
            }
        }

        private void describe() {
            forget();
            Pointer fresh = library.create("cublasLtMatmulDescCreate", types.compute(), types.scale());
            library.setInt(SET, fresh, TRANSPOSE_A, 1);
            description = fresh;
        }

        private void forget() {
            Pointer old = description;
            description = null;
            if (old != null) {
                library.call("cublasLtMatmulDescDestroy", old);
            }
        }

        private Pointer described() {
            Pointer current = description;
            if (current == null) {
                throw new IllegalStateException("the product is not described");
            }
            return current;
        }

        private void scales(boolean aRow) {
            Pointer current = described();
            library.setLong(SET, current, A_SCALE, ones(aRow ? n : 1));
            library.setLong(SET, current, B_SCALE, ones(aRow ? m : 1));
            if (aRow) {
                library.setInt(SET, current, A_SCALE_MODE, SCALE_A_ROW);
                library.setInt(SET, current, B_SCALE_MODE, SCALE_A_ROW);
            }
            try (Memory yes = new Memory(1)) {
                yes.setByte(0, (byte) 1);
                library.call(SET, current, FAST_ACCUMULATION, yes, 1L);
            }
            scaling = aRow ? "a scale a row" : "one scale";
        }

        private void choose() {
            Pointer preference = library.create("cublasLtMatmulPreferenceCreate");
            try {
                library.setLong("cublasLtMatmulPreferenceSetAttribute", preference, MAX_WORKSPACE, WORKSPACE);
                IntByReference found = new IntByReference();
                library.call(
                        "cublasLtMatmulAlgoGetHeuristic",
                        handle,
                        described(),
                        layouts.get(0),
                        layouts.get(1),
                        layouts.get(2),
                        layouts.get(2),
                        preference,
                        1,
                        result,
                        found);
                if (found.getValue() == 0) {
                    throw new DeviceException("cublasLt: no algorithm for " + m + "x" + k + " by " + n);
                }
            } finally {
                library.call("cublasLtMatmulPreferenceDestroy", preference);
            }
        }

        /** Starts the product on the stream. */
        void run() {
            library.call(
                    "cublasLtMatmul",
                    handle,
                    described(),
                    one,
                    new Pointer(w),
                    layouts.get(0),
                    new Pointer(x),
                    layouts.get(1),
                    nothing,
                    new Pointer(y),
                    layouts.get(2),
                    new Pointer(y),
                    layouts.get(2),
                    result.share(0, ALGORITHM_BYTES),
                    new Pointer(workspace),
                    WORKSPACE,
                    new Pointer(stream));
        }

        private long allocate(long bytes) {
            long address = driver.tryAllocate(bytes)
                    .orElseThrow(() -> new DeviceException("cublasLt: no room for " + bytes + " bytes"));
            blocks.add(address);
            return address;
        }

        /** Small numbers with random bits: the top bit of the exponent is clear, so that none is infinite or NaN. */
        private long random(long bytes) {
            SplittableRandom random = new SplittableRandom(bytes);
            ByteBuffer target = staging.bytes().duplicate().order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < PIECE; i += Long.BYTES) {
                target.putLong(i, random.nextLong() & 0xBFBFBFBFBFBFBFBFL);
            }
            return upload(bytes);
        }

        private long ones(long count) {
            ByteBuffer target = staging.bytes().duplicate().order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < count; i++) {
                target.putFloat(Float.BYTES * i, 1);
            }
            return upload(Float.BYTES * count);
        }

        private long upload(long bytes) {
            long address = allocate(bytes);
            for (long done = 0; done < bytes; done += PIECE) {
                driver.copyToDevice(address + done, staging.address(), Math.min(PIECE, bytes - done), stream);
            }
            driver.synchronizeStream(stream);
            return address;
        }

        @Override
        public void close() {
            driver.synchronizeStream(stream);
            blocks.forEach(driver::free);
            layouts.forEach(layout -> library.call("cublasLtMatrixLayoutDestroy", layout));
            forget();
            result.close();
            one.close();
            nothing.close();
        }
    }
}
