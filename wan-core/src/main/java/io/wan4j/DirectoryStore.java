package io.wan4j;

import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import io.wan4j.checkpoint.safetensors.SafetensorsWriter;
import io.wan4j.error.CheckpointException;
import io.wan4j.scheduler.SchedulerState;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps finished parts in a folder, one safetensors file each, with the fingerprint of the generation and a digest of
 * the values in the file's metadata.
 *
 * <p>A file appears whole or not at all: it is written beside its place, forced to the disk, and renamed. A folder that
 * another generation made is refused; a damaged file is computed again. Files stay when the generation is done, so that
 * the same call only decodes again. One process at a time uses a folder.
 */
final class DirectoryStore implements StageStore {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryStore.class);
    private static final String VALUES = "values";
    private static final String LATENTS = "latents";
    private static final String HISTORY = "history.";
    private static final String STEPS = "steps";
    private static final String NEXT_STEP = "next_step";
    private static final String DIGEST = "sha256";
    private static final String SUFFIX = ".safetensors";
    private static final String LOCK = "lock";

    private final Path folder;
    private final Fingerprint fingerprint;
    private final FileChannel lockFile;

    private DirectoryStore(Path folder, Fingerprint fingerprint, FileChannel lockFile) {
        this.folder = folder;
        this.fingerprint = fingerprint;
        this.lockFile = lockFile;
    }

    /** Arrays and texts of one file. */
    private record Content(Map<String, float[]> arrays, Map<String, String> metadata) {}

    /**
     * Opens a folder, which is made if need be, and locks it.
     *
     * @throws IllegalArgumentException if another generation made it; names what differs
     * @throws IllegalStateException if another process uses it
     */
    static DirectoryStore open(Path folder, Fingerprint fingerprint) {
        try {
            Files.createDirectories(folder);
            DirectoryStore store = new DirectoryStore(folder, fingerprint, lock(folder));
            try {
                store.checkOwner();
                return store;
            } catch (RuntimeException failure) {
                store.close();
                throw failure;
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(
                    folder + ": cannot be used for the state of a generation: " + failure.getMessage(), failure);
        }
    }

    /** Holds the folder until the channel is closed; the system does that when the process dies. */
    @SuppressWarnings("resource") // the channel lives as long as the store
    private static FileChannel lock(Path folder) throws IOException {
        FileChannel channel =
                FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean held = false;
        try {
            FileLock lock = channel.tryLock();
            held = lock != null;
        } catch (OverlappingFileLockException here) {
            LOG.debug("{} is locked by this process", folder, here);
        } finally {
            if (!held) {
                channel.close();
            }
        }
        if (!held) {
            throw new IllegalStateException(
                    folder + ": expected a free state folder, but a generation that runs now uses it; choose another");
        }
        return channel;
    }

    private void checkOwner() throws IOException {
        try (var entries = Files.list(folder)) {
            List<Path> files = entries.filter(
                            path -> path.getFileName().toString().endsWith(SUFFIX))
                    .sorted()
                    .toList();
            for (Path file : files) {
                read(file).ifPresent(content -> checkOwner(content.metadata()));
            }
        }
    }

    private void checkOwner(Map<String, String> metadata) {
        List<String> differences = fingerprint.differences(metadata);
        if (!differences.isEmpty()) {
            throw new IllegalArgumentException(folder + ": expected the state of this generation, but it is another's: "
                    + String.join("; ", differences) + ". Choose another folder, or remove this one to start over");
        }
    }

    @Override
    public float[] get(String key, Supplier<float[]> compute) {
        Optional<float[]> kept = read(file(key)).map(content -> content.arrays().get(VALUES));
        if (kept.isPresent()) {
            LOG.info("{} is taken from {}", key, folder);
            return kept.get();
        }
        float[] values = compute.get();
        write(file(key), new Content(Map.of(VALUES, values), Map.of()));
        return values;
    }

    @Override
    public Optional<SavedSteps> steps() {
        return read(file(STEPS)).flatMap(content -> {
            float[] latents = content.arrays().get(LATENTS);
            String next = content.metadata().get(NEXT_STEP);
            if (latents == null || next == null) {
                return Optional.empty();
            }
            List<float[]> history = IntStream.range(0, content.arrays().size() - 1)
                    .mapToObj(i -> content.arrays().get(HISTORY + i))
                    .toList();
            LOG.info("denoising goes on after step {}, from {}", next, folder);
            return Optional.of(new SavedSteps(latents, new SchedulerState(Integer.parseInt(next), history)));
        });
    }

    @Override
    public void save(SavedSteps steps) {
        Map<String, float[]> arrays = new LinkedHashMap<>();
        arrays.put(LATENTS, steps.latents());
        List<float[]> history = steps.scheduler().history();
        for (int i = 0; i < history.size(); i++) {
            arrays.put(HISTORY + i, history.get(i));
        }
        String next = Integer.toString(steps.scheduler().nextStep());
        write(file(STEPS), new Content(arrays, Map.of(NEXT_STEP, next)));
    }

    private Path file(String key) {
        return folder.resolve(key + SUFFIX);
    }

    private void write(Path file, Content content) {
        List<TensorSpec> specs = new ArrayList<>();
        content.arrays()
                .forEach((name, values) -> specs.add(new TensorSpec(name, Format.F32, Shape.of(values.length))));
        Map<String, String> metadata = new LinkedHashMap<>(fingerprint.entries());
        metadata.putAll(content.metadata());
        metadata.put(DIGEST, Fingerprint.digest(content.arrays()));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata)) {
            content.arrays().forEach(writer::write);
            writer.finish();
        }
        forceFolder();
    }

    /** Makes the renaming durable too, where the system can do that. */
    private void forceFolder() {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException unsupported) {
            LOG.debug("{} cannot be forced to the disk", folder, unsupported);
        }
    }

    /** What a file holds; empty if there is none or it is damaged. */
    private static Optional<Content> read(Path file) {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        Content content = parse(file);
        if (content == null
                || !Fingerprint.digest(content.arrays())
                        .equals(content.metadata().get(DIGEST))) {
            LOG.warn("{} is damaged and will be computed again", file);
            return Optional.empty();
        }
        return Optional.of(content);
    }

    private static @Nullable Content parse(Path file) {
        try (SafetensorsFile stored = SafetensorsFile.open(file)) {
            Map<String, float[]> arrays = new LinkedHashMap<>();
            stored.names().stream()
                    .sorted()
                    .forEach(name -> arrays.put(name, stored.tensor(name).toFloats()));
            return new Content(arrays, stored.metadata());
        } catch (CheckpointException damaged) {
            LOG.debug("{}", file, damaged);
            return null;
        }
    }

    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(folder + ": cannot be unlocked", failure);
        }
    }
}
