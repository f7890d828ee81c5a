package io.wan4j.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ejml.EjmlVersion;

/**
 * Where and with what a run was done.
 *
 * @param date of the run, UTC
 * @param commit of the sources, with {@code -dirty} where they were changed
 * @param cpu model name
 * @param processors that the runtime sees
 * @param threads used
 * @param memoryMiB of the machine
 * @param runtime Java's name and version
 * @param system name and version of the operating system
 * @param versions of the libraries, by name
 */
record Machine(
        String date,
        String commit,
        String cpu,
        int processors,
        int threads,
        long memoryMiB,
        String runtime,
        String system,
        Map<String, String> versions) {
    static Machine here(int threads) {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("onednn", version(org.bytedeco.dnnl.global.dnnl.class));
        versions.put("libtorch", version(org.bytedeco.pytorch.global.torch.class));
        versions.put("openblas", version(org.bytedeco.openblas.global.openblas.class));
        versions.put("ejml", EjmlVersion.VERSION);
        return new Machine(
                LocalDate.now(ZoneOffset.UTC).toString(),
                readCommit(),
                field(Path.of("/proc/cpuinfo"), "model name"),
                Runtime.getRuntime().availableProcessors(),
                threads,
                megabytes(field(Path.of("/proc/meminfo"), "MemTotal")),
                System.getProperty("java.vm.name") + " " + System.getProperty("java.version"),
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                versions);
    }

    /** As the library's archive states it. */
    private static String version(Class<?> library) {
        String version = library.getPackage().getImplementationVersion();
        return version == null ? "unknown" : version;
    }

    /** Whether rows of both may stand in one file. */
    boolean isSame(Machine other) {
        return commit.equals(other.commit)
                && cpu.equals(other.cpu)
                && processors == other.processors
                && threads == other.threads
                && runtime.equals(other.runtime)
                && versions.equals(other.versions);
    }

    private static long megabytes(String kilobytes) {
        String digits = kilobytes.replaceAll("[^0-9]", "");
        return digits.isEmpty() ? 0 : Long.parseLong(digits) >> 10;
    }

    private static String field(Path file, String name) {
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException absent) {
            return "unknown";
        }
    }

    private static String readCommit() {
        String home = System.getProperty("wan.home", ".");
        String head = git(home, "rev-parse", "--short", "HEAD");
        return git(home, "status", "--porcelain").isEmpty() ? head : head + "-dirty";
    }

    private static String git(String home, String... arguments) {
        List<String> command = new ArrayList<>(List.of("git", "-C", home));
        command.addAll(List.of(arguments));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
        } catch (IOException absent) {
            return "unknown";
        }
    }
}
