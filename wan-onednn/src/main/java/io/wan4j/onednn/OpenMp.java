package io.wan4j.onednn;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.io.File;
import org.bytedeco.javacpp.Loader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The OpenMP runtime that oneDNN brings along. Work is split over this backend's own threads, so each of them asks
 * oneDNN for one thread; a team of OpenMP threads that spins while it waits would take the cores from them.
 */
final class OpenMp {
    private static final Logger LOG = LoggerFactory.getLogger(OpenMp.class);

    private OpenMp() {}

    /** Before the runtime is loaded: idle OpenMP threads, if ever there are some, shall sleep and not spin. */
    static void prepare() {
        try {
            NativeLibrary.getInstance("c").getFunction("setenv").invokeInt(new Object[] {"OMP_WAIT_POLICY", "passive", 0
            });
        } catch (LinkageError | RuntimeException e) {
            LOG.debug("OpenMP's wait policy stays as it is: {}", e.toString());
        }
    }

    /** Makes oneDNN calls of the current thread run on this thread alone. */
    static void useOneThread() {
        try {
            Function setThreads = runtime().getFunction("omp_set_num_threads");
            setThreads.invokeVoid(new Object[] {1});
        } catch (LinkageError | RuntimeException e) {
            LOG.warn("onednn: cannot limit OpenMP to one thread, calls may oversubscribe the cores: {}", e.toString());
        }
    }

    private static NativeLibrary runtime() {
        String folder = new File(Loader.load(org.bytedeco.dnnl.global.dnnl.class)).getParent();
        return NativeLibrary.getInstance(new File(folder, "libgomp.so.1").getPath());
    }
}
