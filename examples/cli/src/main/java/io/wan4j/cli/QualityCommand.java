package io.wan4j.cli;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.layout.Quantisation;
import io.wan4j.cli.quality.BlockQuality;
import io.wan4j.error.UnsupportedException;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceRequest;
import io.wan4j.tensor.WeightSource;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code wan quality}. */
@Command(
        name = "quality",
        description = "Measures what FP8 and INT8 lose in one transformer block; prints a table.",
        mixinStandardHelpOptions = true)
final class QualityCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private DeviceArguments device = new DeviceArguments();

    @Option(
            names = "--side",
            paramLabel = "N",
            defaultValue = "8",
            description = "Tokens: two frames of N x N (default: ${DEFAULT-VALUE}).")
    private int side = 8;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed of the weights.")
    private long seed = 1;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Measure the first block of this model instead of random weights.")
    private Optional<Path> model = Optional.empty();

    @SuppressWarnings("NullAway.Init")
    QualityCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        DeviceRequest request = device.request();
        try (Device opened = request.with(request.options().withFormats(ActivationFormats.F32))
                .open()) {
            List<BlockQuality.Row> rows = model.isPresent()
                    ? ofModel(model.get(), opened)
                    : new BlockQuality(WanConfig.i2v14b(), BlockQuality.randomWeights(seed), opened, side).run();
            String weights = model.map(path -> "weights of " + path).orElse("random weights, seed " + seed);
            out.println("device " + opened.name() + ", " + 2 * side * side + " tokens, " + weights);
            out.println("| layer | FP8 | INT8 | INT8 balanced |");
            out.println("|---|---|---|---|");
            rows.forEach(row -> out.println(line(row)));
        }
        return 0;
    }

    private List<BlockQuality.Row> ofModel(Path path, Device opened) {
        try (ModelFiles files = ModelFiles.open(path)) {
            ModelPart part = files.part(Component.TRANSFORMER);
            if (part.quantisation() != Quantisation.NONE) {
                throw new UnsupportedException(part + ": expected unquantised weights to compare with");
            }
            int heads = files.config()
                    .map(config -> config.path("num_heads").asInt())
                    .orElse(0);
            WeightSource weights = files.weights(Component.TRANSFORMER);
            WanConfig config = WanConfig.infer(weights, heads > 0 ? OptionalInt.of(heads) : OptionalInt.empty());
            return new BlockQuality(config, weights, opened, side).run();
        }
    }

    private static String line(BlockQuality.Row row) {
        StringBuilder line = new StringBuilder("| " + row.name());
        for (BlockQuality.Method method : BlockQuality.Method.values()) {
            BlockQuality.Loss loss = row.losses().get(method);
            line.append(" | ");
            if (loss != null) {
                line.append(String.format(Locale.ROOT, "%.2e, %.6f", loss.relativeError(), loss.cosine()));
            }
        }
        return line + " |";
    }
}
