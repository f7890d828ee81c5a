package io.wan4j.cli;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.layout.TransformerKind;
import io.wan4j.tensor.StoredTensor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
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

    @SuppressWarnings("NullAway.Init")
    InspectCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (ModelFiles files = ModelFiles.open(path)) {
            for (Component component : Component.values()) {
                for (ModelPart part : files.candidates(component)) {
                    print(part, out);
                }
            }
            files.tokenizerFile().ifPresent(file -> out.println("tokenizer: " + file));
            files.skipped().forEach(line -> out.println("not used: " + line));
        }
        return 0;
    }

    private static void print(ModelPart part, PrintWriter out) {
        Map<String, Long> formats = part.tensors().values().stream()
                .collect(Collectors.groupingBy(
                        tensor -> tensor.format().name(), TreeMap::new, Collectors.summingLong(StoredTensor::bytes)));
        long parameters = part.tensors().values().stream()
                .mapToLong(tensor -> tensor.shape().count())
                .sum();
        out.printf(
                "%s%n  %,d tensors, %,d values, bytes by format %s%n",
                part, part.tensors().size(), parameters, formats);
        part.transformer().map(TransformerKind::describe).ifPresent(line -> out.println("  " + line));
    }
}
