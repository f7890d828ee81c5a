package io.wan4j.bench;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Rows in a JSON file, and the machine they were measured on in another beside it. The file is whole after every
 * experiment; rows of an earlier run of the same sources on the same machine stay, unless they are measured again.
 */
final class ResultFile {
    private static final String ENDING = ".json";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Path file;
    private final Machine machine;
    private final Map<Key, Row> rows = new LinkedHashMap<>();

    /** What makes two rows the same measurement. */
    private record Key(
            String name,
            String shape,
            String format,
            String backend,
            int threads,
            @Nullable String peer) {
        static Key of(Row row) {
            return new Key(row.name(), row.shape(), row.format(), row.backend(), row.threads(), row.peer());
        }
    }

    private ResultFile(Path file, Machine machine) {
        this.file = file;
        this.machine = machine;
    }

    /**
     * A file that need not be there yet.
     *
     * @throws IllegalArgumentException if it is there and holds something else, or was measured elsewhere
     */
    static ResultFile open(Path file, Machine machine) {
        String name = Objects.requireNonNull(file.getFileName(), "a file name").toString();
        if (!name.endsWith(ENDING)) {
            throw new IllegalArgumentException("--json " + file + ": expected a name that ends in " + ENDING);
        }
        ResultFile results = new ResultFile(file, machine);
        if (Files.exists(file)) {
            results.keep();
        }
        return results;
    }

    private void keep() {
        try {
            Machine earlier = JSON.readValue(machineFile().toFile(), Machine.class);
            if (!earlier.isSame(machine)) {
                throw new IllegalArgumentException("--json " + file + ": expected rows of commit " + machine.commit()
                        + " on this machine, got those of commit " + earlier.commit() + " on " + earlier.cpu()
                        + "; name another file");
            }
            JSON.readValue(file.toFile(), new TypeReference<List<Row>>() {}).forEach(row -> rows.put(Key.of(row), row));
        } catch (JacksonException broken) {
            throw new IllegalArgumentException(
                    "--json " + file + ": expected earlier rows and their machine beside them, got "
                            + broken.getOriginalMessage() + "; name another file",
                    broken);
        } catch (IOException unreadable) {
            throw new IllegalArgumentException(
                    "--json " + file + ": cannot be read with " + machineFile() + "; name another file", unreadable);
        }
    }

    /** Adds rows, in place of those of the same measurement, and writes both files. */
    void add(List<Row> measured) {
        measured.forEach(row -> rows.put(Key.of(row), row));
        replace(file, new ArrayList<>(rows.values()));
        replace(machineFile(), machine);
    }

    private Path machineFile() {
        String name = file.getFileName().toString();
        return file.resolveSibling(name.substring(0, name.length() - ENDING.length()) + ".machine.json");
    }

    private static void replace(Path target, Object content) {
        Path part = target.resolveSibling(target.getFileName() + ".part");
        try {
            JSON.writeValue(part.toFile(), content);
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failure) {
            throw new UncheckedIOException(target + ": cannot be written", failure);
        }
    }
}
