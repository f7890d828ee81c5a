package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.TensorFiles;
import io.wan4j.checkpoint.UnionFiles;
import io.wan4j.error.CheckpointException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The components in the files of one folder, without its subfolders. An index stands for its shards. Files that are no
 * whole component by themselves, such as {@code block_0.safetensors} and {@code non_block.safetensors}, are taken
 * together.
 *
 * @param folder the folder
 * @param parts what was recognised; open
 * @param skipped checkpoint files that are no component, with the reason
 */
record FolderScan(Path folder, List<ModelPart> parts, List<String> skipped) {
    private static final int MAX_FILES = 2000;
    private static final String INDEX = ".safetensors.index.json";
    private static final List<String> SUFFIXES = List.of(".safetensors", ".pth", ".pt", ".bin", ".gguf");

    /** Looks through a folder; opens headers only. */
    static FolderScan of(Path folder) {
        FolderScan scan = new FolderScan(folder, new ArrayList<>(), new ArrayList<>());
        try {
            scan.look();
            return scan;
        } catch (RuntimeException e) {
            scan.parts.forEach(ModelPart::close);
            throw e;
        }
    }

    /** The only component here. */
    ModelPart single() {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        parts.forEach(ModelPart::close);
        throw new CheckpointException(folder + ": expected one component, got " + (parts.isEmpty() ? "none" : parts)
                + (skipped.isEmpty() ? "" : "; not used: " + skipped) + "; name the file");
    }

    private void look() {
        Set<Path> shards = new HashSet<>();
        List<TensorFiles> fragments = new ArrayList<>();
        for (Path index : list(path -> path.toString().endsWith(INDEX))) {
            TensorFiles files = CheckpointFiles.open(index);
            shards.addAll(files.files());
            add(index, files, fragments);
        }
        for (Path path : list(path -> SUFFIXES.stream().anyMatch(path.toString()::endsWith))) {
            if (!shards.contains(path)) {
                open(path, fragments);
            }
        }
        join(fragments);
    }

    private void open(Path path, List<TensorFiles> fragments) {
        try {
            add(path, CheckpointFiles.open(path), fragments);
        } catch (CheckpointException e) {
            skipped.add(String.valueOf(e.getMessage()));
        }
    }

    private void add(Path path, TensorFiles files, List<TensorFiles> fragments) {
        ModelPart.recognise(path, files).ifPresentOrElse(parts::add, () -> fragments.add(files));
    }

    private void join(List<TensorFiles> fragments) {
        Set<String> names = new HashSet<>();
        fragments.forEach(files -> names.addAll(files.names()));
        if (fragments.size() > 1 && Layouts.recognise(names).isPresent()) {
            UnionFiles union = UnionFiles.of(fragments);
            ModelPart.recognise(folder, union).ifPresentOrElse(parts::add, union::close);
            return;
        }
        for (TensorFiles files : fragments) {
            skipped.add(ModelPart.unknown(files.files().get(0), files.names()));
            files.close();
        }
    }

    private List<Path> list(java.util.function.Predicate<Path> wanted) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(path -> !path.getFileName().toString().startsWith("."))
                    .filter(wanted)
                    .filter(Files::isRegularFile)
                    .sorted()
                    .limit(MAX_FILES)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be listed", e);
        }
    }
}
