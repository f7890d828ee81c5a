package io.wan4j.gpucheck;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.wan4j.error.DeviceException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The few functions of cuBLASLt that a matrix product needs, in the user's own library. */
final class CublasLt {
    /** Full path of the library, where it is in no usual place. */
    static final String PATH_VARIABLE = "WAN_CUBLASLT";

    private static final List<String> NAMES =
            List.of("libcublasLt.so.13", "libcublasLt.so.12", "/usr/local/cuda/lib64/libcublasLt.so");

    private final NativeLibrary library;

    private CublasLt(NativeLibrary library) {
        this.library = library;
    }

    /** The library, if this machine has one. */
    static Optional<CublasLt> find() {
        return Stream.concat(Stream.ofNullable(System.getenv(PATH_VARIABLE)), NAMES.stream())
                .flatMap(name -> open(name).stream())
                .findFirst();
    }

    private static Optional<CublasLt> open(String name) {
        try {
            return Optional.of(new CublasLt(NativeLibrary.getInstance(name)));
        } catch (UnsatisfiedLinkError absent) {
            return Optional.empty();
        }
    }

    long version() {
        return library.getFunction("cublasLtGetVersion").invokeLong(new Object[0]);
    }

    /** Calls a function that gives a status. */
    int tryCall(String name, Object... arguments) {
        Function function = library.getFunction(name);
        return function.invokeInt(arguments);
    }

    /** Calls a function that must succeed. */
    void call(String name, Object... arguments) {
        int status = tryCall(name, arguments);
        if (status != 0) {
            throw new DeviceException(name + ": status " + status);
        }
    }

    /** Calls a function whose first argument is where it puts a new handle. */
    Pointer create(String name, Object... arguments) {
        PointerByReference handle = new PointerByReference();
        Object[] all = new Object[arguments.length + 1];
        all[0] = handle;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        call(name, all);
        return handle.getValue();
    }

    /** Sets an attribute of 4 bytes. */
    void setInt(String name, Pointer handle, int attribute, int value) {
        try (Memory memory = new Memory(4)) {
            memory.setInt(0, value);
            call(name, handle, attribute, memory, 4L);
        }
    }

    /** Sets an attribute of 8 bytes. */
    void setLong(String name, Pointer handle, int attribute, long value) {
        try (Memory memory = new Memory(8)) {
            memory.setLong(0, value);
            call(name, handle, attribute, memory, 8L);
        }
    }
}
