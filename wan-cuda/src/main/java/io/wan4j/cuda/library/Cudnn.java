package io.wan4j.cuda.library;

import io.wan4j.cuda.driver.DriverCalls;
import io.wan4j.error.DeviceException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The functions of cuDNN's graph interface that attention and convolutions need, in the user's own library. */
public final class Cudnn {
    /** Environment variable with the full path of the library, where it is in no usual place. */
    public static final String PATH_VARIABLE = "WAN_CUDNN";

    /** The first version with attention as one operation of a graph. */
    static final int OLDEST = 9_13_00;

    private static final List<String> NAMES = List.of("libcudnn.so.9", "cudnn64_9.dll");

    static final List<String> FUNCTIONS = List.of(
            "cudnnBackendCreateDescriptor",
            "cudnnBackendDestroyDescriptor",
            "cudnnBackendExecute",
            "cudnnBackendFinalize",
            "cudnnBackendGetAttribute",
            "cudnnBackendSetAttribute",
            "cudnnCreate",
            "cudnnDestroy",
            "cudnnSetStream");

    private final DriverCalls calls;

    private Cudnn(DriverCalls calls) {
        this.calls = calls;
    }

    /** Looks for the library of this machine. */
    public static Probed<Cudnn> find() {
        String[] names = Stream.concat(Stream.ofNullable(System.getenv(PATH_VARIABLE)), NAMES.stream())
                .toArray(String[]::new);
        return find(() -> DriverCalls.open(names));
    }

    /** Looks into a library that {@code open} gives, or fails to give with a {@link LinkageError}. */
    public static Probed<Cudnn> find(Supplier<DriverCalls> open) {
        return Probed.probe(
                new Probed.Wanted(
                        "cuDNN",
                        "cudnnGetVersion",
                        OLDEST,
                        version -> version / 10_000 + "." + version / 100 % 100 + "." + version % 100,
                        FUNCTIONS),
                open,
                Cudnn::new);
    }

    /** Calls a function and gives its status. */
    int tryCall(String name, Object... arguments) {
        return calls.call(name, arguments);
    }

    /** Calls a function that must succeed. */
    void call(String name, Object... arguments) {
        int status = calls.call(name, arguments);
        if (status != 0) {
            throw new DeviceException(name + ": status " + status + (status / 1000 == 3 ? " (not supported)" : ""));
        }
    }

    long address(ByteBuffer direct) {
        return calls.address(direct);
    }

    /**
     * Makes a handle in the current context; the caller closes it.
     *
     * @param stream in which it computes
     */
    public CudnnHandle open(long stream) {
        long[] handle = new long[1];
        call("cudnnCreate", (Object) handle);
        CudnnHandle made = new CudnnHandle(this, handle[0]);
        try {
            call("cudnnSetStream", handle[0], stream);
            return made;
        } catch (DeviceException failure) {
            made.close();
            throw failure;
        }
    }
}
