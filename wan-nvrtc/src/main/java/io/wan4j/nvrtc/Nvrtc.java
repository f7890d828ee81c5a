package io.wan4j.nvrtc;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/** The calls of libnvrtc in use. The library comes out of the {@code cuda-redist} jar on the class path. */
final class Nvrtc {
    private static final String RESOURCES = "/org/bytedeco/cuda/linux-x86_64/";
    private static final String BUILTINS = "libnvrtc-builtins.so.13.1";
    private static final String LIBRARY = "libnvrtc.so.13";

    private final NativeLibrary library;

    private Nvrtc(NativeLibrary library) {
        this.library = library;
    }

    /** What one compilation gave. */
    record Output(byte[] cubin, byte[] ptx) {}

    /** Unpacks the library into {@code folder} (once) and loads it. */
    static Nvrtc load(Path folder) throws IOException {
        Files.createDirectories(folder);
        // NVRTC opens its builtins by bare name; an already loaded library of that name is taken.
        NativeLibrary.getInstance(unpack(BUILTINS, folder).toString());
        return new Nvrtc(NativeLibrary.getInstance(unpack(LIBRARY, folder).toString()));
    }

    private static Path unpack(String name, Path folder) throws IOException {
        Path file = folder.resolve(name);
        if (Files.exists(file)) {
            return file;
        }
        Path partial = folder.resolve(name + ".part");
        try (InputStream in = Nvrtc.class.getResourceAsStream(RESOURCES + name)) {
            if (in == null) {
                throw new IOException(
                        name + ": expected it in the cuda-redist jar (linux-x86_64), which is not on the class path");
            }
            Files.copy(in, partial, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        return file;
    }

    /** For example {@code 13.1}. */
    String version() {
        IntByReference major = new IntByReference();
        IntByReference minor = new IntByReference();
        call("nvrtcVersion", major, minor);
        return major.getValue() + "." + minor.getValue();
    }

    /**
     * Compiles one source for one architecture, for example {@code sm_89}.
     *
     * @throws KernelBuildException with the compiler's log
     */
    Output compile(String name, String source, Map<String, String> headers, List<String> options) {
        PointerByReference program = new PointerByReference();
        String[] texts = headers.values().toArray(String[]::new);
        String[] names = headers.keySet().toArray(String[]::new);
        call(
                "nvrtcCreateProgram",
                program,
                source,
                name,
                texts.length,
                new StringArray(texts, "UTF-8"),
                new StringArray(names, "UTF-8"));
        try {
            int result = library.getFunction("nvrtcCompileProgram").invokeInt(new Object[] {
                program.getValue(), options.size(), new StringArray(options.toArray(String[]::new), "UTF-8")
            });
            String log = new String(read(program.getValue(), "ProgramLog"), StandardCharsets.UTF_8)
                    .replace("\0", "")
                    .strip();
            // the second is what the assembler says when it serialises wgmma or ignores setmaxnreg
            if (result != 0 || log.contains("warning") || log.contains("Potential Performance Loss")) {
                throw new KernelBuildException(name + " " + options + ": " + error(result) + "\n" + log);
            }
            return new Output(read(program.getValue(), "CUBIN"), trimNul(read(program.getValue(), "PTX")));
        } finally {
            call("nvrtcDestroyProgram", program);
        }
    }

    private byte[] read(Pointer program, String what) {
        LongByReference size = new LongByReference();
        call("nvrtcGet" + what + "Size", program, size);
        if (size.getValue() == 0) {
            return new byte[0];
        }
        try (Memory memory = new Memory(size.getValue())) {
            call("nvrtcGet" + what, program, memory);
            return memory.getByteArray(0, Math.toIntExact(size.getValue()));
        }
    }

    private static byte[] trimNul(byte[] text) {
        int end = text.length;
        while (end > 0 && text[end - 1] == 0) {
            end--;
        }
        return java.util.Arrays.copyOf(text, end);
    }

    private void call(String function, Object... arguments) {
        int result = library.getFunction(function).invokeInt(arguments);
        if (result != 0) {
            throw new KernelBuildException(function + ": " + error(result));
        }
    }

    private String error(int result) {
        return library.getFunction("nvrtcGetErrorString").invokeString(new Object[] {result}, false);
    }
}
