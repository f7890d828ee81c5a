package io.wan4j.gpucheck;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.cuda.driver.PinnedMemory;
import io.wan4j.cuda.library.CublasLt;
import io.wan4j.cuda.library.CublasLtHandle;
import io.wan4j.cuda.library.LtProblem;
import io.wan4j.error.DeviceException;
import io.wan4j.tensor.Format;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Products {@code y = x w^T} by cuBLASLt on random operands: BF16 to BF16, I8 to I32, E4M3 to BF16 with a scale a row
 * where the library offers it, else with one for all. Without bias and, for I8, without scaling: the bare product.
 */
final class CublasLtProducts implements AutoCloseable {
    private static final long WORKSPACE = 32L << 20;
    private static final int PIECE = 16 << 20;

    private final CudaDriver driver;
    private final long stream;
    private final CublasLtHandle handle;
    private final PinnedMemory staging;

    CublasLtProducts(CublasLt library, CudaDriver driver, long stream) {
        this.driver = driver;
        this.stream = stream;
        this.handle = library.open();
        this.staging = driver.allocatePinned(PIECE);
    }

    @Override
    public void close() {
        driver.freePinned(staging);
        handle.close();
    }

    private static Format format(String kind) {
        return switch (kind) {
            case "i8", "f8_e4m3", "bf16" -> Format.valueOf(kind.toUpperCase(Locale.ROOT));
            default -> throw new IllegalArgumentException("cublasLt: no product of kind " + kind);
        };
    }

    /** Prepares a product; the caller closes it. */
    Product product(KernelCase wanted) {
        Product product = new Product(
                format(wanted.kind()),
                new LtProblem.Extents(number(wanted, "m"), number(wanted, "n"), number(wanted, "k")));
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
        private final Format format;
        private final LtProblem.Extents extents;
        private final List<Long> blocks = new ArrayList<>();
        private CublasLtHandle.@Nullable Product prepared;
        private long w;
        private long x;
        private long y;
        private long workspace;
        private String scaling = "no scales";

        private Product(Format format, LtProblem.Extents extents) {
            this.format = format;
            this.extents = extents;
        }

        /** Which scales are applied. */
        String scaling() {
            return scaling;
        }

        private void prepare() {
            w = random(extents.columns() * extents.depth() * format.bytes());
            x = random(extents.rows() * extents.depth() * format.bytes());
            y = allocate(extents.rows() * extents.columns() * (format == Format.I8 ? 4 : 2));
            workspace = allocate(WORKSPACE);
            if (format != Format.F8_E4M3) {
                prepared = handle.product(problem(Optional.empty()), WORKSPACE);
                return;
            }
            try {
                prepared = handle.product(problem(Optional.of(scales(true))), WORKSPACE);
                scaling = "a scale a row";
            } catch (DeviceException notOffered) {
                prepared = handle.product(problem(Optional.of(scales(false))), WORKSPACE);
                scaling = "one scale";
            }
        }

        private LtProblem problem(Optional<LtProblem.Scales> scales) {
            return new LtProblem(
                    format,
                    Format.BF16,
                    extents,
                    new LtProblem.Pitches(extents.depth(), extents.depth(), extents.columns()),
                    scales);
        }

        private LtProblem.Scales scales(boolean aRow) {
            return new LtProblem.Scales(ones(aRow ? extents.rows() : 1), ones(aRow ? extents.columns() : 1), aRow);
        }

        /** Starts the product on the stream. */
        void run() {
            CublasLtHandle.Product ready = prepared;
            if (ready == null) {
                throw new IllegalStateException("the product is not prepared");
            }
            ready.run(x, w, y, workspace, stream);
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
            CublasLtHandle.Product ready = prepared;
            prepared = null;
            if (ready != null) {
                ready.close();
            }
            blocks.forEach(driver::free);
        }
    }
}
