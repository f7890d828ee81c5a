package io.wan4j.cuda;

import io.wan4j.cuda.library.CublasLt;
import io.wan4j.cuda.library.Cudnn;
import io.wan4j.cuda.library.Probed;
import java.util.function.Supplier;

/**
 * Where libraries come from.
 *
 * @param cublasLt looks for cuBLASLt
 * @param cudnn looks for cuDNN
 * @param table where it is faster than our kernels
 */
record LibrarySource(Supplier<Probed<CublasLt>> cublasLt, Supplier<Probed<Cudnn>> cudnn, LibraryTable table) {
    /** Those of the user's system, and the measurements of this jar. */
    static LibrarySource ofSystem() {
        return new LibrarySource(CublasLt::find, Cudnn::find, LibraryTable.committed());
    }
}
