package io.wan4j.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.wan4j.checkpoint.TensorFiles;
import io.wan4j.checkpoint.layout.CheckpointFiles;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.checkpoint.lora.LoraFile;
import io.wan4j.checkpoint.lora.LoraMode;
import io.wan4j.checkpoint.lora.LoraWeights;
import io.wan4j.quant.LoraChange;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wan inspect}. */
@Command(
        name = "inspect",
        description = "Says what a model folder or checkpoint file holds.",
        mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "PATH", description = "Model folder or checkpoint file.")
    private Path path = Path.of("");

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "For a LoRA: say what it changes of this model, and by how much.")
    private Optional<Path> model = Optional.empty();

    @SuppressWarnings("NullAway.Init")
    InspectCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        List<ModelSummary> found = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        if (isLora(path)) {
            found.add(ModelSummary.LoraSummary.of(path, model.map(this::match)));
        } else {
            inspectModel(found, notes);
        }
        if (json) {
            out.println(toJson(found));
        } else {
            found.forEach(summary -> summary.print(out));
            notes.forEach(out::println);
        }
        return 0;
    }

    /** What the LoRA changes of a model. */
    private LoraChange match(Path modelPath) {
        try (ModelFiles files = ModelFiles.open(modelPath);
                LoraWeights weights = LoraWeights.open(
                        files.weights(Component.TRANSFORMER), List.of(Lora.of(path)), LoraMode.MERGE)) {
            return LoraChange.of(weights.reports().get(0), weights.magnitudes().get(0));
        }
    }

    private void inspectModel(List<ModelSummary> found, List<String> notes) {
        try (ModelFiles files = ModelFiles.open(path)) {
            for (Component component : Component.values()) {
                files.candidates(component).forEach(part -> found.add(ModelSummary.Part.of(part)));
            }
            files.tokenizerFile().ifPresent(file -> notes.add("tokenizer: " + file));
            files.skipped().forEach(line -> notes.add("not used: " + line));
        }
    }

    private static boolean isLora(Path path) {
        if (!Files.isRegularFile(path)) {
            return false;
        }
        try (TensorFiles files = CheckpointFiles.open(path)) {
            return LoraFile.recognises(files.names());
        }
    }

    private static String toJson(List<ModelSummary> found) {
        try {
            return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(found);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a summary is always JSON", impossible);
        }
    }
}
