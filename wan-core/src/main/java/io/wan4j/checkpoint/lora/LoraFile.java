package io.wan4j.checkpoint.lora;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.TensorFiles;
import io.wan4j.checkpoint.layout.CheckpointFiles;
import io.wan4j.error.CheckpointException;
import io.wan4j.error.UnsupportedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a LoRA file holds: low-rank pairs in any of the common key styles, with or without alpha, and differences. Which
 * tensors of a checkpoint they change, {@link LoraWeights} finds out.
 */
public final class LoraFile implements AutoCloseable {
    private static final String ALPHA = ".alpha";
    private static final List<String> PREFIXES = List.of(
            "model.diffusion_model.", "base_model.model.", "diffusion_model.", "transformer.", "model.", "unet.");
    private static final List<String> UNSUPPORTED =
            List.of(".dora_scale", ".lora_magnitude_vector", ".hada_", ".lokr_", ".lora_mid.");

    private final Path path;
    private final TensorFiles files;
    private final List<LoraPart> parts = new ArrayList<>();
    private final Set<String> unused = new TreeSet<>();

    private LoraFile(Path path, TensorFiles files) {
        this.path = path;
        this.files = files;
    }

    /**
     * Opens a file and pairs its keys; values are read when they are needed.
     *
     * @throws CheckpointException if the two matrices of a layer do not fit together, or there is nothing of a LoRA
     * @throws UnsupportedException if it changes weights in a way that is none of a LoRA's, such as DoRA or LoKr
     */
    public static LoraFile open(Path path) {
        LoraFile file = new LoraFile(path, CheckpointFiles.open(path));
        try {
            file.parse();
            return file;
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Whether names are those of a LoRA. */
    public static boolean recognises(Set<String> names) {
        return names.stream()
                .anyMatch(name -> style(name).isPresent() || name.endsWith(".diff") || name.endsWith(".diff_b"));
    }

    private void parse() {
        Set<String> used = new HashSet<>();
        for (String name : files.names()) {
            UNSUPPORTED.stream().filter(name::contains).findFirst().ifPresent(kind -> {
                throw new UnsupportedException(path + ": " + name + ": expected a plain LoRA, got one with " + kind
                        + "; merge it with the tool that made it");
            });
            style(name).ifPresent(style -> pair(name, style, used));
            difference(name, ".diff", "weight", used);
            difference(name, ".diff_b", "bias", used);
            difference(name, ".diff_m", "modulation", used);
        }
        unused.addAll(files.names());
        unused.removeAll(used);
        if (parts.isEmpty()) {
            throw new CheckpointException(
                    path + ": expected a LoRA, got " + files.names().size() + " tensors such as "
                            + files.names().stream().limit(3).toList());
        }
    }

    private static Optional<KeyStyle> style(String name) {
        return KeyStyle.ALL.stream().filter(style -> name.endsWith(style.up())).findFirst();
    }

    private void pair(String name, KeyStyle style, Set<String> used) {
        String key = name.substring(0, name.length() - style.up().length());
        Optional<CheckpointTensor> down = files.find(key + style.down());
        if (down.isEmpty()) {
            return;
        }
        Optional<CheckpointTensor> alpha = files.find(key + ALPHA);
        double factor = alpha.map(value -> (double) value.toFloats()[0])
                .filter(value -> value != 0)
                .map(value -> value / down.get().shape().dim(0))
                .orElse(1.0);
        parts.add(new LoraPart.LowRank(name, withoutPrefix(key), down.get(), files.tensor(name), (float) factor));
        used.add(name);
        used.add(key + style.down());
        alpha.ifPresent(tensor -> used.add(tensor.name()));
    }

    private void difference(String name, String suffix, String parameter, Set<String> used) {
        if (name.endsWith(suffix)) {
            String key = name.substring(0, name.length() - suffix.length());
            parts.add(new LoraPart.Difference(name, withoutPrefix(key), parameter, files.tensor(name)));
            used.add(name);
        }
    }

    private static String withoutPrefix(String key) {
        return PREFIXES.stream()
                .filter(key::startsWith)
                .findFirst()
                .map(prefix -> key.substring(prefix.length()))
                .orElse(key);
    }

    /** The file. */
    public Path path() {
        return path;
    }

    /** Number of low-rank pairs. */
    public int pairs() {
        return (int) parts.stream().filter(LoraPart.LowRank.class::isInstance).count();
    }

    /** Number of differences. */
    public int differences() {
        return parts.size() - pairs();
    }

    /** All ranks that occur, ascending. */
    public Set<Long> ranks() {
        Set<Long> ranks = new TreeSet<>();
        parts.forEach(part -> {
            if (part instanceof LoraPart.LowRank pair) {
                ranks.add(pair.rank());
            }
        });
        return ranks;
    }

    /** Layers that it changes, as the file names them without prefix. */
    public Set<String> layers() {
        Set<String> layers = new TreeSet<>();
        parts.forEach(part -> layers.add(part.layer()));
        return layers;
    }

    /** Keys without a partner or of an unknown kind. */
    public Set<String> unused() {
        return Set.copyOf(unused);
    }

    List<LoraPart> parts() {
        return parts;
    }

    @Override
    public void close() {
        files.close();
    }
}
