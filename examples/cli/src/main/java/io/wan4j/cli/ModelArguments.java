package io.wan4j.cli;

import io.wan4j.WanPipeline;
import io.wan4j.WanPipelineBuilder;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.lora.LoraMode;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options about which model. */
final class ModelArguments {
    @Option(
            names = "--model",
            paramLabel = "DIR",
            required = true,
            description = "Model folder in any known layout, or a file.")
    private Path model = Path.of("");

    @Option(names = "--transformer", paramLabel = "PATH", description = "Take the transformer from here.")
    private Optional<Path> transformer = Optional.empty();

    @Option(names = "--text-encoder", paramLabel = "PATH", description = "Take the text encoder from here.")
    private Optional<Path> textEncoder = Optional.empty();

    @Option(names = "--image-encoder", paramLabel = "PATH", description = "Take the image encoder from here.")
    private Optional<Path> imageEncoder = Optional.empty();

    @Option(names = "--vae", paramLabel = "PATH", description = "Take the VAE from here.")
    private Optional<Path> vae = Optional.empty();

    @Option(names = "--tokenizer", paramLabel = "FILE", description = "tokenizer.json or spiece.model.")
    private Optional<Path> tokenizer = Optional.empty();

    @Mixin
    private LoraArguments loras = new LoraArguments();

    @Option(
            names = "--lora-mode",
            paramLabel = "MODE",
            description = "${COMPLETION-CANDIDATES}: into dense weights and beside 8-bit ones (default), always beside,"
                    + " or into 8-bit weights too.")
    private Optional<LoraMode> loraMode = Optional.empty();

    WanPipelineBuilder builder() {
        WanPipelineBuilder builder = WanPipeline.builder().model(model);
        transformer.ifPresent(path -> builder.component(Component.TRANSFORMER, path));
        textEncoder.ifPresent(path -> builder.component(Component.TEXT_ENCODER, path));
        imageEncoder.ifPresent(path -> builder.component(Component.IMAGE_ENCODER, path));
        vae.ifPresent(path -> builder.component(Component.VAE, path));
        tokenizer.ifPresent(builder::tokenizer);
        loras.loras().forEach(builder::lora);
        loraMode.ifPresent(builder::loraMode);
        return builder;
    }
}
