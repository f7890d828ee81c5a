package io.wan4j.testkit.synth;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A model in the shapes of a real one with random weights, written piece by piece: memory stays below 100 MB whatever
 * its size. For measurements; it was never trained.
 *
 * @param sizes of the networks
 * @param encoding of the transformer's block linears
 * @param packing of the transformer's files
 * @param components what to write; the encoders are in BF16, the VAE in F32
 * @param seed of the values
 */
public record SyntheticCheckpoint(
        SyntheticSizes sizes, WeightEncoding encoding, Packing packing, Set<Component> components, long seed) {
    private static final Pattern BLOCK = Pattern.compile("blocks\\.(\\d+)\\..*");
    private static final long SPARE = 512L << 20;

    /** Copies the set. */
    public SyntheticCheckpoint {
        components = Set.copyOf(components);
    }

    /** Bytes of all tensors. */
    public long bytes() {
        return files().values().stream()
                .flatMap(List::stream)
                .mapToLong(tensor -> tensor.spec().byteLength())
                .sum();
    }

    /** Tensors by file, relative to the model's folder. */
    Map<String, List<SyntheticTensor>> files() {
        Map<String, List<SyntheticTensor>> files = new TreeMap<>();
        if (components.contains(Component.TRANSFORMER)) {
            TensorCatalog.of(sizes.transformer())
                    .forEach((name, shape) -> files.computeIfAbsent(transformerFile(name), absent -> new ArrayList<>())
                            .addAll(SyntheticTensor.transformer(name, shape, encoding)));
        }
        if (components.contains(Component.TEXT_ENCODER)) {
            files.put("models_t5_umt5-xxl-enc-bf16.safetensors", dense(TensorCatalog.of(sizes.text()), Format.BF16));
        }
        if (components.contains(Component.IMAGE_ENCODER)) {
            files.put(
                    "models_clip_open-clip-xlm-roberta-large-vit-huge-14.safetensors",
                    dense(TensorCatalog.of(sizes.image()), Format.BF16));
        }
        if (components.contains(Component.VAE)) {
            files.put("Wan2.1_VAE.safetensors", dense(TensorCatalog.of(sizes.vae()), Format.F32));
        }
        return files;
    }

    private String transformerFile(String name) {
        if (packing == Packing.FLAT) {
            return "diffusion_pytorch_model.safetensors";
        }
        Matcher block = BLOCK.matcher(name);
        return block.matches() ? "block_" + block.group(1) + ".safetensors" : "non_block.safetensors";
    }

    private static List<SyntheticTensor> dense(Map<String, Shape> tensors, Format format) {
        return tensors.entrySet().stream()
                .flatMap(entry -> SyntheticTensor.dense(entry.getKey(), entry.getValue(), format).stream())
                .collect(Collectors.toList());
    }

    /**
     * Writes the model into a folder, which is made if need be. Each file appears when it is whole.
     *
     * @param progress told the bytes written so far
     * @throws UncheckedIOException if the disk has too little room; nothing is written then
     */
    public void write(Path folder, LongConsumer progress) {
        Map<String, List<SyntheticTensor>> files = new LinkedHashMap<>(files());
        try {
            Files.createDirectories(folder);
            long free = Files.getFileStore(folder).getUsableSpace();
            if (free < bytes() + SPARE) {
                throw new IOException(String.format(
                        "expected %,d MiB of free disk, got %,d MiB; choose another folder or fewer components",
                        bytes() + SPARE >> 20, free >> 20));
            }
            try (SyntheticWriter writer = new SyntheticWriter(seed, progress)) {
                files.forEach((name, tensors) -> writer.write(folder.resolve(name), tensors));
            }
            if (components.contains(Component.TEXT_ENCODER)) {
                Path words = Files.createDirectories(folder.resolve("google/umt5-xxl"));
                TinyModel.tokenizer().write(words.resolve("tokenizer.json"));
            }
            if (components.contains(Component.TRANSFORMER)) {
                Files.writeString(folder.resolve("config.json"), TinyModel.config(sizes.transformer()));
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(folder + ": cannot write the model: " + failure.getMessage(), failure);
        }
    }
}
