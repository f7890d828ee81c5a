package io.wan4j.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The folder of golden vectors. */
public final class Goldens {
    private Goldens() {}

    public static Path folder() {
        return Path.of(Objects.requireNonNull(System.getProperty("wan.goldens"), "system property wan.goldens"));
    }

    public static Path path(String relative) {
        return folder().resolve(relative);
    }

    public static List<Path> allSafetensors() throws IOException {
        try (Stream<Path> files = Files.walk(folder())) {
            return files.filter(f -> f.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList();
        }
    }
}
