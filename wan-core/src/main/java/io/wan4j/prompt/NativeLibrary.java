package io.wan4j.prompt;

import io.wan4j.error.CheckpointException;
import io.wan4j.error.UnsupportedException;
import java.util.function.Supplier;

/** Calls DJL's native tokenizers: keeps them off the network and names their failures. */
final class NativeLibrary {
    private NativeLibrary() {}

    /** What {@code loader} answers; its failures as this project's exceptions. */
    static <T> T load(String where, Supplier<T> loader) {
        // DJL fetches a CUDA build where it sees a GPU, and reports its use from cloud machines.
        setUnlessGiven("RUST_FLAVOR", "cpu");
        setUnlessGiven("OPT_OUT_TRACKING", "true");
        try {
            return loader.get();
        } catch (LinkageError e) {
            throw new UnsupportedException(
                    "tokenizer: expected DJL's native library to load on this machine, got " + e
                            + "; it needs glibc and a writable cache folder (DJL_CACHE_DIR)",
                    e);
        } catch (CheckpointException e) {
            throw e;
        } catch (RuntimeException e) {
            throw damaged(where, e);
        }
    }

    static CheckpointException damaged(String where, Throwable cause) {
        return new CheckpointException(
                where + ": expected a umT5 tokenizer, got one that does not work (" + cause.getMessage()
                        + "); download it again",
                cause);
    }

    private static void setUnlessGiven(String name, String value) {
        if (System.getenv(name) == null && System.getProperty(name) == null) {
            System.setProperty(name, value);
        }
    }
}
