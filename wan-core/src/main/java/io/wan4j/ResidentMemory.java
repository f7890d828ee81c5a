package io.wan4j;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The memory that the system says this process holds. Source: {@code proc(5)}. */
final class ResidentMemory {
    private static final Path STATUS = Path.of("/proc/self/status");

    private ResidentMemory() {}

    /** Most bytes resident since the process started ({@code VmHWM}); empty where the system does not tell. */
    static OptionalLong peak() {
        return kilobytes("VmHWM:");
    }

    /** Bytes resident now that are no pages of files, so that the system cannot drop them ({@code RssAnon}). */
    static OptionalLong anonymous() {
        return kilobytes("RssAnon:");
    }

    private static OptionalLong kilobytes(String field) {
        if (!Files.isReadable(STATUS)) {
            return OptionalLong.empty();
        }
        try {
            return Files.readAllLines(STATUS).stream()
                    .filter(line -> line.startsWith(field))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst();
        } catch (IOException unreadable) {
            return OptionalLong.empty();
        }
    }
}
