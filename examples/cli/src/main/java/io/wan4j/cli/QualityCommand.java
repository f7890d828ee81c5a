package io.wan4j.cli;

import io.wan4j.cli.quality.BlockQuality;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceRequest;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code wan quality}. */
@Command(
        name = "quality",
        description = "Measures what FP8 and INT8 lose in one full-size block with random weights; prints a table.",
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

    @SuppressWarnings("NullAway.Init")
    QualityCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        DeviceRequest request = device.request();
        try (Device opened = request.with(request.options().withFormats(ActivationFormats.F32))
                .open()) {
            List<BlockQuality.Row> rows = new BlockQuality(WanConfig.i2v14b(), opened, side, seed).run();
            out.println("device " + opened.name() + ", " + 2 * side * side + " tokens, seed " + seed);
            out.println("| layer | FP8 | INT8 | INT8 balanced |");
            out.println("|---|---|---|---|");
            rows.forEach(row -> out.println(line(row)));
        }
        return 0;
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
