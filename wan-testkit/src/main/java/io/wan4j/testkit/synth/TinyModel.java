package io.wan4j.testkit.synth;

import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.checkpoint.safetensors.SafetensorsWriter;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.text.TextConfig;
import io.wan4j.model.vae.VaeConfig;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.prompt.TinyTokenizer;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A whole model of a few megabytes in the layout of the official release, with random weights: it was never trained. */
public final class TinyModel {
    private static final List<String> WORDS = List.of(
            "\u2581a",
            "\u2581the",
            "\u2581cat",
            "\u2581surfing",
            "\u2581at",
            "\u2581dusk",
            "\u2581hills",
            "\u2581sun",
            "\u2581sea",
            "\u2581wind",
            "ing",
            "\u2581over",
            "\u2581and");

    private TinyModel() {}

    /** Sizes of the transformer. */
    public static WanConfig transformer() {
        return new WanConfig(256, 512, 2, 2, 64, 80);
    }

    /** Sizes of the text encoder. */
    public static TextConfig text() {
        return new TextConfig(tokenizer().vocabularySize(), 64, 64, 128, 4, 2, 32);
    }

    /** Sizes of the image encoder. */
    public static VisionConfig image() {
        return new VisionConfig(80, 320, 1, 3);
    }

    /** Sizes of the VAE. */
    public static VaeConfig vae() {
        return new VaeConfig(8, 16, List.of(1, 2, 4, 4), 2, List.of(false, true, true));
    }

    /** Its tokenizer: a few words and bytes. */
    public static TinyTokenizer tokenizer() {
        return new TinyTokenizer(WORDS, TinyTokenizer.Fallback.BYTES);
    }

    /** Writes the model into a folder, which is made if need be. */
    public static void write(Path folder, long seed) {
        try {
            Path words = Files.createDirectories(folder.resolve("google/umt5-xxl"));
            RandomWeights weights = new RandomWeights(seed);
            write(folder.resolve("diffusion_pytorch_model.safetensors"), TensorCatalog.of(transformer()), weights);
            write(folder.resolve("models_t5_umt5-xxl-enc-bf16.safetensors"), TensorCatalog.of(text()), weights);
            write(
                    folder.resolve("models_clip_open-clip-xlm-roberta-large-vit-huge-14.safetensors"),
                    TensorCatalog.of(image()),
                    weights);
            write(folder.resolve("Wan2.1_VAE.safetensors"), TensorCatalog.of(vae()), weights);
            Files.writeString(folder.resolve("config.json"), config(transformer()));
            tokenizer().write(words.resolve("tokenizer.json"));
        } catch (IOException failure) {
            throw new UncheckedIOException(folder + ": cannot write the tiny model", failure);
        }
    }

    private static void write(Path file, Map<String, Shape> tensors, RandomWeights weights) {
        List<TensorSpec> specs = tensors.entrySet().stream()
                .map(entry -> new TensorSpec(entry.getKey(), Format.F32, entry.getValue()))
                .toList();
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, Map.of("format", "pt"))) {
            tensors.forEach((name, shape) -> writer.write(name, weights.values(name, shape)));
            writer.finish();
        }
    }

    /** The {@code config.json} of a transformer. */
    static String config(WanConfig config) {
        return """
                {"_class_name": "WanModel", "model_type": "i2v", "dim": %d, "ffn_dim": %d, "num_heads": %d,
                 "num_layers": %d, "in_dim": 36, "out_dim": 16, "freq_dim": 256, "text_len": 512, "eps": 1e-06}
                """.formatted(config.dim(), config.ffnDim(), config.heads(), config.layers());
    }
}
