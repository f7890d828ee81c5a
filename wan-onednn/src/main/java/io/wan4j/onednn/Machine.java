package io.wan4j.onednn;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What the operating system says about processor and memory. */
final class Machine {
    private Machine() {}

    /** Memory that programs can take without swapping; in a container not more than the heap's surroundings allow. */
    static long availableBytes() {
        try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
            return lines.filter(line -> line.startsWith("MemAvailable:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                    .findFirst()
                    .orElseGet(Machine::freeBytes);
        } catch (IOException | RuntimeException e) {
            return freeBytes();
        }
    }

    private static long freeBytes() {
        return org.bytedeco.javacpp.Pointer.availablePhysicalBytes();
    }

    /** Whether the processor has what Linux calls this. */
    static boolean hasFlag(String name) {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("flags"))
                    .findFirst()
                    .map(line -> List.of(line.split("\\s+")).contains(name))
                    .orElse(false);
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    /** Cores, without the second threads of a core, as far as this process may use them. */
    static int physicalCores() {
        int logical = Runtime.getRuntime().availableProcessors();
        try {
            List<String> lines = Files.readAllLines(Path.of("/proc/cpuinfo"));
            Set<String> cores = new HashSet<>();
            String socket = "";
            for (String line : lines) {
                if (line.startsWith("physical id")) {
                    socket = line;
                } else if (line.startsWith("core id")) {
                    cores.add(socket + line);
                }
            }
            return cores.isEmpty() ? logical : Math.min(logical, cores.size());
        } catch (IOException e) {
            return logical;
        }
    }
}
