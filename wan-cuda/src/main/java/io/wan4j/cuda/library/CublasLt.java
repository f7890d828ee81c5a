package io.wan4j.cuda.library;

import io.wan4j.cuda.driver.DriverCalls;
import io.wan4j.error.DeviceException;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The functions of cuBLASLt that matrix products need, in the user's own library. */
public final class CublasLt {
    /** Environment variable with the full path of the library, where it is in no usual place. */
    public static final String PATH_VARIABLE = "WAN_CUBLASLT";

    static final int OLDEST = 12_00_00;

    private static final List<String> NAMES = List.of(
            "libcublasLt.so.13",
            "libcublasLt.so.12",
            "/usr/local/cuda/lib64/libcublasLt.so",
            "cublasLt64_13.dll",
            "cublasLt64_12.dll");

    static final List<String> FUNCTIONS = List.of(
            "cublasLtCreate",
            "cublasLtDestroy",
            "cublasLtMatmul",
            "cublasLtMatmulAlgoGetHeuristic",
            "cublasLtMatmulDescCreate",
            "cublasLtMatmulDescDestroy",
            "cublasLtMatmulDescSetAttribute",
            "cublasLtMatmulPreferenceCreate",
            "cublasLtMatmulPreferenceDestroy",
            "cublasLtMatmulPreferenceSetAttribute",
            "cublasLtMatrixLayoutCreate",
            "cublasLtMatrixLayoutDestroy");

    private final DriverCalls calls;

    private CublasLt(DriverCalls calls) {
        this.calls = calls;
    }

    /** Looks for the library of this machine. */
    public static Probed<CublasLt> find() {
        String[] names = Stream.concat(Stream.ofNullable(System.getenv(PATH_VARIABLE)), NAMES.stream())
                .toArray(String[]::new);
        return find(() -> DriverCalls.open(names));
    }

    /** Looks into a library that {@code open} gives, or fails to give with a {@link LinkageError}. */
    public static Probed<CublasLt> find(Supplier<DriverCalls> open) {
        return Probed.probe(
                new Probed.Wanted(
                        "cuBLASLt",
                        "cublasLtGetVersion",
                        OLDEST,
                        version -> version / 10_000 + "." + version / 100 % 100 + "." + version % 100,
                        FUNCTIONS),
                open,
                CublasLt::new);
    }

    /** Calls a function that must succeed. */
    void call(String name, Object... arguments) {
        int status = calls.call(name, arguments);
        if (status != 0) {
            throw new DeviceException(name + ": status " + status + (status == 15 ? " (not supported)" : ""));
        }
    }

    /** Calls a function whose first argument is where it puts a new handle. */
    long create(String name, Object... arguments) {
        long[] handle = new long[1];
        Object[] all = new Object[arguments.length + 1];
        all[0] = handle;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        call(name, all);
        return handle[0];
    }

    /** Makes a handle in the current context; the caller closes it. */
    public CublasLtHandle open() {
        return new CublasLtHandle(this, create("cublasLtCreate"));
    }
}
