package io.wan4j.cuda;

import io.wan4j.cuda.LibraryTable.Operation;
import io.wan4j.cuda.MatrixProduct.Extents;
import io.wan4j.cuda.MatrixProduct.Operand;
import io.wan4j.cuda.library.CublasLt;
import io.wan4j.cuda.library.CublasLtHandle;
import io.wan4j.cuda.library.LtProblem;
import io.wan4j.error.DeviceException;
import io.wan4j.tensor.Format;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Matrix products by the user's cuBLASLt, as an alternative to {@link MatrixProduct}: the library leaves the product in
 * scratch, so many rows at a time, and a kernel of ours joins it to the result as our own products do. What the library
 * does not offer is said once in the log and computed by our kernels.
 */
final class LibraryProducts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LibraryProducts.class);
    private static final long MOST_WORKSPACE = 32L << 20;
    private static final int ROW_STEP = 128;

    private final Launcher launcher;
    private final Scratch scratch;
    private final LibraryPolicy policy;
    private final LibraryHandle<CublasLt, CublasLtHandle> library;
    private final ProductJoin joiner;
    private final Map<Key, Optional<CublasLtHandle.Product>> products = new HashMap<>();

    LibraryProducts(
            Launcher launcher, Scratch scratch, LibraryPolicy policy, LibraryHandle<CublasLt, CublasLtHandle> library) {
        this.launcher = launcher;
        this.scratch = scratch;
        this.policy = policy;
        this.library = library;
        this.joiner = new ProductJoin(launcher);
    }

    private record Key(LtProblem problem, long workspace) {}

    /** Whether products in this arithmetic may go to the library, which then needs a part of scratch. */
    boolean mayServe(Format arithmetic) {
        return arithmetic != Format.F32 && library.find().isPresent();
    }

    private static Operation operation(Format arithmetic) {
        return switch (arithmetic) {
            case I8 -> Operation.LINEAR_I8;
            case F8_E4M3 -> Operation.LINEAR_F8_E4M3;
            default -> Operation.LINEAR_BF16;
        };
    }

    private boolean wants(Format arithmetic, Extents extents) {
        double operations = 2.0 * extents.rows() * extents.columns() * extents.depth();
        return mayServe(arithmetic) && extents.rows() > 0 && policy.wants(operation(arithmetic), operations);
    }

    /** Computes a product if the library is to do it and offers it; else nothing, and the answer is false. */
    boolean multiply(Operand x, Operand w, Extents extents, ProductEpilogue epilogue, Object what) {
        if (!wants(x.format(), extents)) {
            return false;
        }
        long mark = scratch.mark();
        try {
            long pitch = (extents.columns() + 3) / 4 * 4;
            long workspace = Math.min(MOST_WORKSPACE, scratch.left() / 4 / 256 * 256);
            long space = scratch.take(workspace);
            long rows = Math.min(extents.rows(), (scratch.left() - 256) / (pitch * Float.BYTES));
            if (rows < Math.min(extents.rows(), ROW_STEP)) {
                return false;
            }
            long result = scratch.take(rows * pitch * Float.BYTES);
            Part part = new Part(x, w, extents, pitch);
            Optional<CublasLtHandle.Product> whole = product(part, rows, workspace, what);
            long left = extents.rows() % rows;
            Optional<CublasLtHandle.Product> last = left == 0 ? whole : product(part, left, workspace, what);
            if (whole.isEmpty() || last.isEmpty()) {
                return false;
            }
            for (long first = 0; first < extents.rows(); first += rows) {
                long some = Math.min(rows, extents.rows() - first);
                (some == rows ? whole : last)
                        .get()
                        .run(x.fromRow(first).address(), w.address(), result, space, launcher.stream());
                joiner.run(
                        new ProductJoin.Left(result, pitch, x.format()),
                        epilogue.rows(first),
                        some,
                        extents.columns(),
                        what);
            }
            return true;
        } finally {
            scratch.rewind(mark);
        }
    }

    /** A product of which some rows are computed at a time. */
    private record Part(Operand x, Operand w, Extents extents, long pitch) {
        LtProblem problem(long rows) {
            Format format = x.format();
            long depth = WeightPlacement.padded((long) extents.depth() * format.bytes()) / format.bytes();
            return new LtProblem(
                    format,
                    Format.F32,
                    new LtProblem.Extents(rows, extents.columns(), depth),
                    new LtProblem.Pitches(x.pitch() / format.bytes(), w.pitch() / format.bytes(), pitch),
                    Optional.empty());
        }
    }

    private Optional<CublasLtHandle.Product> product(Part part, long rows, long workspace, Object what) {
        return products.computeIfAbsent(new Key(part.problem(rows), workspace), key -> prepare(key, what));
    }

    private Optional<CublasLtHandle.Product> prepare(Key key, Object what) {
        try {
            return Optional.of(library.find().orElseThrow().product(key.problem(), key.workspace()));
        } catch (DeviceException notOffered) {
            LOG.info("{}: own kernels compute it, cuBLASLt does not: {}", what, notOffered.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        products.values().forEach(product -> product.ifPresent(CublasLtHandle.Product::close));
        products.clear();
    }
}
