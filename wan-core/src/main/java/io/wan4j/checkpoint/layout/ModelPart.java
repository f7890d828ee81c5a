package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.TensorFiles;
import io.wan4j.error.CheckpointException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One recognised component: its files, its layout, and its tensors by canonical name. */
public final class ModelPart implements AutoCloseable {
    private final Path location;
    private final TensorFiles files;
    private final Layout layout;
    private final Packaging packaging;
    private final Map<String, CheckpointTensor> canonical;

    private ModelPart(Path location, TensorFiles files, Layout layout, Packaging packaging) {
        this.location = location;
        this.files = files;
        this.layout = layout;
        this.packaging = packaging;
        this.canonical = Collections.unmodifiableMap(layout.toCanonical(packaging.tensors()));
    }

    /**
     * Opens the one component in a file, behind an index, or in the files of a folder.
     *
     * @throws CheckpointException if there is none, or more than one
     */
    public static ModelPart open(Path path) {
        if (java.nio.file.Files.isDirectory(path)) {
            return FolderScan.of(path).single();
        }
        TensorFiles files = CheckpointFiles.open(path);
        try {
            return recognise(path, files).orElseThrow(() -> new CheckpointException(unknown(path, files.names())));
        } catch (RuntimeException e) {
            files.close();
            throw e;
        }
    }

    /** The component that these files are, if they are a whole one; takes the files over in that case. */
    static Optional<ModelPart> recognise(Path location, TensorFiles files) {
        Packaging packaging = Packaging.unwrap(files);
        return Layouts.recognise(packaging.tensors().keySet())
                .map(layout -> new ModelPart(location, files, layout, packaging));
    }

    /** What to say about files that are no component. */
    static String unknown(Path path, Set<String> names) {
        String expected = path + ": expected a transformer, text encoder, image encoder or VAE of Wan2.1, got ";
        if (names.stream().anyMatch(n -> n.contains("lora_") || n.endsWith(".diff") || n.endsWith(".diff_b"))) {
            return expected + "a LoRA; add it to a model as LoRA";
        }
        return expected + names.size() + " tensors such as "
                + names.stream().limit(3).toList() + "; is this another model, or a part of one?";
    }

    public Component component() {
        return layout.component();
    }

    /** What the layout is called. */
    public String layout() {
        return layout.title() + (packaging.comfy() ? " as packaged by ComfyUI" : "");
    }

    /** The file, index or folder. */
    public Path location() {
        return location;
    }

    /** All files behind it. */
    public List<Path> files() {
        return files.files();
    }

    /** Free text that the writer of the files attached. */
    public Map<String, String> metadata() {
        return files.metadata();
    }

    /** The tensors by canonical name. */
    public Map<String, CheckpointTensor> tensors() {
        return canonical;
    }

    /** A new view of the weights in which nothing is read yet. */
    public CheckpointWeights weights() {
        return CheckpointWeights.of(canonical, location.toString());
    }

    /** How the linear weights are stored. */
    public Quantisation quantisation() {
        return Quantisation.of(canonical);
    }

    /** Which transformer it is; empty for other components. */
    public Optional<TransformerKind> transformer() {
        return component() == Component.TRANSFORMER ? Optional.of(TransformerKind.of(canonical)) : Optional.empty();
    }

    /**
     * The resolution, 480P or 720P, that the names of file and folder or the metadata speak of. The tensors do not tell:
     * both releases have the same shapes.
     */
    public Optional<String> resolutionHint() {
        String hints = (location.toAbsolutePath() + " " + files.metadata().values()).toLowerCase(Locale.ROOT);
        boolean low = hints.contains("480p");
        boolean high = hints.contains("720p");
        return low == high ? Optional.empty() : Optional.of(high ? "720P" : "480P");
    }

    /** Whether it was distilled to few steps, as far as names and metadata tell. */
    public Distillation distillation() {
        return Distillation.of(files(), metadata());
    }

    /** The SentencePiece model that ComfyUI puts into the text encoder's file. */
    public Optional<byte[]> sentencePiece() {
        return packaging.sentencePiece().map(tensor -> {
            byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
            tensor.map().get(bytes);
            return bytes;
        });
    }

    @Override
    public void close() {
        files.close();
    }

    @Override
    public String toString() {
        return component().title() + " in " + location + " (" + layout() + ", "
                + quantisation().title() + ")";
    }
}
