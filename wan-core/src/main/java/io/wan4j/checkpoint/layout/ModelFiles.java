package io.wan4j.checkpoint.layout;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.checkpoint.CheckpointJson;
import io.wan4j.error.CheckpointException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The components of a model in a folder of any known layout. What a file is, its tensors say, not its name.
 *
 * <p>The folder itself is looked through first, then its subfolders, down to three levels, for the components that are
 * still missing. Two components of a kind at the same level are never chosen between: asking for one of them fails and
 * lists both.
 */
public final class ModelFiles implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ModelFiles.class);
    private static final int MAX_DEPTH = 3;
    private static final int MAX_FOLDERS = 300;
    private static final List<String> TOKENIZER_FOLDERS =
            List.of("google/umt5-xxl", "tokenizer", "umt5-xxl", "text_encoder", ".");

    private final Path folder;
    private final Map<Component, List<ModelPart>> parts;
    private final List<String> skipped;

    private ModelFiles(Path folder, Map<Component, List<ModelPart>> parts, List<String> skipped) {
        this.folder = folder;
        this.parts = parts;
        this.skipped = skipped;
    }

    /**
     * Looks through a folder, or opens a single file.
     *
     * @throws CheckpointException if there is no such folder
     */
    public static ModelFiles open(Path folder) {
        return open(folder, Map.of());
    }

    /**
     * Looks through a folder, with some components taken from elsewhere.
     *
     * @param chosen a file, index or folder for each component that shall not be looked for
     * @throws CheckpointException if there is no such folder, or a chosen file is not what it is chosen for
     */
    public static ModelFiles open(Path folder, Map<Component, Path> chosen) {
        ModelFiles model = new ModelFiles(folder, new EnumMap<>(Component.class), new ArrayList<>());
        try {
            chosen.forEach(model::choose);
            model.look();
            return model;
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    private void choose(Component component, Path path) {
        ModelPart part = ModelPart.open(path);
        if (part.component() != component) {
            part.close();
            throw new CheckpointException(path + ": expected a " + component.title() + ", got a "
                    + part.component().title() + " (" + part.layout() + ")");
        }
        parts.put(component, List.of(part));
    }

    private void look() {
        if (Files.isRegularFile(folder)) {
            ModelPart part = ModelPart.open(folder);
            addLevel(List.of(part));
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new CheckpointException(folder + ": expected a model folder, got nothing there");
        }
        List<Path> level = List.of(folder);
        int visited = 0;
        for (int depth = 0; depth <= MAX_DEPTH && parts.size() < Component.values().length; depth++) {
            List<ModelPart> found = new ArrayList<>();
            for (Path directory : level) {
                FolderScan scan = FolderScan.of(directory);
                found.addAll(scan.parts());
                skipped.addAll(scan.skipped());
            }
            addLevel(found);
            visited += level.size();
            level = subfolders(level, MAX_FOLDERS - visited);
        }
    }

    private void addLevel(List<ModelPart> found) {
        Map<Component, List<ModelPart>> added = new EnumMap<>(Component.class);
        for (ModelPart part : found) {
            if (parts.containsKey(part.component())) {
                LOG.info("{} is not used: {} is nearer or was chosen", part, parts.get(part.component()));
                part.close();
            } else {
                added.computeIfAbsent(part.component(), key -> new ArrayList<>())
                        .add(part);
            }
        }
        parts.putAll(added);
    }

    private static List<Path> subfolders(List<Path> level, int limit) {
        List<Path> found = new ArrayList<>();
        for (Path directory : level) {
            try (Stream<Path> entries = Files.list(directory)) {
                entries.filter(Files::isDirectory)
                        .filter(path -> !path.getFileName().toString().startsWith("."))
                        .sorted()
                        .forEach(found::add);
            } catch (IOException e) {
                throw new UncheckedIOException(directory + ": cannot be listed", e);
            }
        }
        return found.subList(0, Math.max(0, Math.min(found.size(), limit)));
    }

    /** The folder, as given. */
    public Path folder() {
        return folder;
    }

    /** Whether a component was found, once or more often. */
    public boolean has(Component component) {
        return parts.containsKey(component);
    }

    /** Everything that was found for a component. */
    public List<ModelPart> candidates(Component component) {
        return List.copyOf(parts.getOrDefault(component, List.of()));
    }

    /** Checkpoint files that are no component, with the reason. */
    public List<String> skipped() {
        return List.copyOf(skipped);
    }

    /**
     * The only part of this kind.
     *
     * @throws CheckpointException if there is none, or more than one
     */
    public ModelPart part(Component component) {
        List<ModelPart> found = candidates(component);
        if (found.isEmpty()) {
            throw new CheckpointException(folder + ": expected a " + component.title() + ", got none"
                    + (skipped.isEmpty() ? "" : " (not used: " + String.join("; ", skipped) + ")")
                    + "; is the download complete?");
        }
        if (found.size() > 1) {
            throw new CheckpointException(folder + ": expected one " + component.title() + ", got " + found.size()
                    + ": " + found + "; say which one to use, or move the others away");
        }
        return found.get(0);
    }

    /**
     * The weights of a component; for the transformer only if it is one that this library runs.
     *
     * @throws CheckpointException if there is none, more than one, or another kind of transformer
     */
    public CheckpointWeights weights(Component component) {
        ModelPart part = part(component);
        part.transformer()
                .ifPresent(kind -> kind.requireImageToVideo(part.location().toString()));
        return part.weights();
    }

    /** The transformer's {@code config.json}, from its folder or from the model's. */
    public Optional<JsonNode> config() {
        return configFile().map(CheckpointJson::readObject);
    }

    /** Where {@link #config} is. */
    public Optional<Path> configFile() {
        List<Path> places = new ArrayList<>();
        candidates(Component.TRANSFORMER)
                .forEach(part -> part.files().forEach(file -> places.add(file.resolveSibling("config.json"))));
        places.add(folder.resolve("config.json"));
        return places.stream().filter(Files::isRegularFile).findFirst();
    }

    /** The tokenizer's {@code tokenizer.json} or, failing that, {@code spiece.model}, where releases put it. */
    public Optional<Path> tokenizerFile() {
        return tokenizer("tokenizer.json").or(() -> tokenizer("spiece.model"));
    }

    private Optional<Path> tokenizer(String name) {
        return TOKENIZER_FOLDERS.stream()
                .map(place -> folder.resolve(place).resolve(name).normalize())
                .filter(Files::isRegularFile)
                .findFirst();
    }

    /** The SentencePiece model inside the text encoder's file, or else in {@code spiece.model}, if there is one. */
    public Optional<byte[]> sentencePiece() {
        return candidates(Component.TEXT_ENCODER).stream()
                .findFirst()
                .flatMap(ModelPart::sentencePiece)
                .or(() -> tokenizer("spiece.model").map(ModelFiles::content));
    }

    private static byte[] content(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read", e);
        }
    }

    @Override
    public void close() {
        parts.values().forEach(found -> found.forEach(ModelPart::close));
    }
}
