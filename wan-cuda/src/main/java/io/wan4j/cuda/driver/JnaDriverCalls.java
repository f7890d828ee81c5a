package io.wan4j.cuda.driver;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** The installed driver library through JNA. A missing library or function is an empty answer, never a crash. */
final class JnaDriverCalls implements DriverCalls {
    private final NativeLibrary library;
    private final Map<String, Optional<Function>> functions = new ConcurrentHashMap<>();

    private JnaDriverCalls(NativeLibrary library) {
        this.library = library;
    }

    /**
     * Opens the first of these libraries that loads.
     *
     * @throws UnsatisfiedLinkError if none does, with the loader's text
     */
    static JnaDriverCalls open(String... names) {
        List<String> failures = new ArrayList<>();
        for (String name : names) {
            try {
                return new JnaDriverCalls(NativeLibrary.getInstance(name));
            } catch (UnsatisfiedLinkError missing) {
                // the first two lines are the loader's, the others list all places that were tried
                failures.add(
                        String.valueOf(missing.getMessage()).lines().limit(2).collect(Collectors.joining(" ")));
            }
        }
        throw new UnsatisfiedLinkError(failures.isEmpty() ? "no library name given" : failures.get(0));
    }

    @Override
    public boolean has(String function) {
        return find(function).isPresent();
    }

    @Override
    public int call(String function, Object... arguments) {
        return find(function)
                .orElseThrow(() -> new IllegalStateException(function + ": not in " + library.getName()))
                .invokeInt(arguments);
    }

    @Override
    public String text(long address) {
        return address == 0 ? "" : new Pointer(address).getString(0);
    }

    @Override
    public ByteBuffer view(long address, int bytes) {
        return new Pointer(address).getByteBuffer(0, bytes);
    }

    @Override
    public long address(ByteBuffer direct) {
        return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
    }

    private Optional<Function> find(String name) {
        return functions.computeIfAbsent(name, key -> {
            try {
                return Optional.of(library.getFunction(key));
            } catch (UnsatisfiedLinkError missing) {
                return Optional.empty();
            }
        });
    }
}
