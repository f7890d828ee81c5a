package io.wan4j.quant;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.checkpoint.layout.ModelPart;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Converts all components of a model folder, and takes its configuration and tokenizer along. Format and LoRAs concern
 * the transformer; the other components keep their formats. Called again after it was stopped it goes on.
 *
 * @param transformer source and target are folders of whole models
 */
public record ModelConversion(Conversion transformer) {
    /**
     * Runs it.
     *
     * @return a report for each component that was converted now
     */
    public List<ConversionReport> run(ConversionListener listener) {
        List<ConversionReport> reports = new ArrayList<>();
        try (ModelFiles files = ModelFiles.open(transformer.source())) {
            for (Component component : Component.values()) {
                if (files.has(component)) {
                    ModelPart part = files.part(component);
                    Path target = target(component);
                    if (!Files.exists(target)) {
                        make(target.resolveSibling(".").normalize());
                        reports.add(new Converter(conversion(component, target), listener)
                                .run(part, files.sentencePiece()));
                    }
                }
            }
            takeAlong(files);
        }
        return reports;
    }

    private TargetLayout layout() {
        return transformer.naming().layout();
    }

    private boolean inFolder(Component component) {
        return component == Component.TRANSFORMER && !(transformer.naming().packing() instanceof Packing.SingleFile);
    }

    private Path target(Component component) {
        Path file = transformer.target().resolve(layout().stem(component) + ".safetensors");
        if (!inFolder(component)) {
            return file;
        }
        return transformer
                .target()
                .resolve(
                        switch (layout()) {
                            case OFFICIAL -> officialFolder();
                            case DIFFUSERS -> "transformer";
                            case COMFYUI -> "diffusion_models/wan2.1_i2v";
                        });
    }

    /** LightX2V's names for folders of one transformer. */
    private String officialFolder() {
        return switch (transformer.format()) {
            case FP8, FP8_SCALED -> "distill_fp8";
            case INT8 -> "distill_int8";
            default -> "distill_models";
        };
    }

    private Conversion conversion(Component component, Path target) {
        Path source = transformer.source();
        if (component == Component.TRANSFORMER) {
            return new Conversion(source, target, transformer.naming(), transformer.format(), transformer.changes());
        }
        Conversion.Naming single = new Conversion.Naming(layout(), new Packing.SingleFile());
        return new Conversion(source, target, single, TargetFormat.AS_STORED, Conversion.Changes.NONE);
    }

    private void takeAlong(ModelFiles files) {
        Path words = transformer.target().resolve(layout() == TargetLayout.OFFICIAL ? "google/umt5-xxl" : "tokenizer");
        try {
            if (files.tokenizerFile().isPresent()) {
                Path tokenizer = files.tokenizerFile().get();
                make(words);
                Files.copy(
                        tokenizer,
                        words.resolve(String.valueOf(tokenizer.getFileName())),
                        StandardCopyOption.REPLACE_EXISTING);
            } else if (files.sentencePiece().isPresent()) {
                make(words);
                Files.write(words.resolve("spiece.model"), files.sentencePiece().get());
            }
            Path beside = target(Component.TRANSFORMER);
            if (files.configFile().isPresent()) {
                Path folder = inFolder(Component.TRANSFORMER) ? beside : beside.resolveSibling(".");
                Files.copy(
                        files.configFile().get(), folder.resolve("config.json"), StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(transformer.target() + ": tokenizer or configuration cannot be copied", e);
        }
    }

    private static void make(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be made", e);
        }
    }
}
