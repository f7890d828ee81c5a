package io.wan4j.cli;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.quant.Balance;
import io.wan4j.quant.ChannelBalance;
import io.wan4j.quant.Conversion;
import io.wan4j.quant.ConversionReport;
import io.wan4j.quant.Converter;
import io.wan4j.quant.ModelConversion;
import io.wan4j.quant.Packing;
import io.wan4j.quant.TargetFormat;
import io.wan4j.quant.TargetLayout;
import io.wan4j.quant.TensorError;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code wan convert}. */
@Command(
        name = "convert",
        description = "Writes a model, or one component of it, in another layout or format. The input stays as it is; a"
                + " conversion that was stopped goes on when it is called again.",
        mixinStandardHelpOptions = true)
final class ConvertCommand implements Callable<Integer> {
    /** Kinds of files. */
    enum FileKind {
        SINGLE,
        SHARDS,
        BLOCKS
    }

    @Spec
    private CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "FROM",
            description = "Model folder, or file, index or folder of a component.")
    private Path from = Path.of("");

    @Parameters(index = "1", paramLabel = "TO", description = "New file (.safetensors) or folder.")
    private Path to = Path.of("");

    @Option(
            names = "--layout",
            paramLabel = "L",
            defaultValue = "OFFICIAL",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}, which LightX2V reads too).")
    private TargetLayout layout = TargetLayout.OFFICIAL;

    @Option(
            names = "--to",
            paramLabel = "F",
            defaultValue = "AS_STORED",
            description = "Transformer: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private TargetFormat format = TargetFormat.AS_STORED;

    @Option(
            names = "--files",
            paramLabel = "K",
            defaultValue = "SINGLE",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private FileKind kind = FileKind.SINGLE;

    @Option(
            names = "--shard-size",
            paramLabel = "SIZE",
            defaultValue = "10G",
            description = "Most of one shard (default: ${DEFAULT-VALUE}).")
    private String shardSize = "10G";

    @Option(
            names = "--balance",
            paramLabel = "FILE",
            description = "Balance input channels before INT8, by the channel maxima that wan calibrate measured.")
    private Optional<Path> maxima = Optional.empty();

    @Option(
            names = "--balance-exponent",
            paramLabel = "A",
            defaultValue = "0.5",
            description = "Share of the difficulty that goes to the weights, 0 to 1 (default: ${DEFAULT-VALUE}).")
    private double exponent = ChannelBalance.HALF;

    @Mixin
    private LoraArguments loras = new LoraArguments();

    @SuppressWarnings("NullAway.Init")
    ConvertCommand() {}

    @Override
    public Integer call() {
        Packing packing = switch (kind) {
            case SINGLE -> new Packing.SingleFile();
            case SHARDS -> new Packing.Shards(DeviceArguments.bytes(shardSize));
            case BLOCKS -> new Packing.Blocks();
        };
        Conversion.Changes changes =
                new Conversion.Changes(loras.loras(), maxima.map(file -> new Balance(file, exponent)));
        Conversion conversion = new Conversion(from, to, new Conversion.Naming(layout, packing), format, changes);
        PrintWriter out = spec.commandLine().getOut();
        try (ConversionProgress progress =
                ConversionProgress.on(spec.commandLine().getErr())) {
            List<ConversionReport> reports = isModel()
                    ? new ModelConversion(conversion).run(progress)
                    : List.of(new Converter(conversion, progress).run());
            reports.forEach(report -> print(report, out));
        }
        return 0;
    }

    private boolean isModel() {
        if (!Files.isDirectory(from)) {
            return false;
        }
        try (ModelFiles files = ModelFiles.open(from)) {
            return Stream.of(Component.values()).filter(files::has).count() > 1;
        }
    }

    private static void print(ConversionReport report, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%s: %,d tensors, %,d MiB in %d files, written and read back%n",
                report.source(),
                report.tensors(),
                report.bytes() >> 20,
                report.files().size());
        report.loras().forEach(lora -> out.println("  LoRA " + lora.summary()));
        if (!report.balanced().isEmpty()) {
            out.println("  input channels of " + report.balanced().size() + " layers balanced");
        }
        for (TensorError error : report.worst()) {
            out.printf(
                    Locale.ROOT,
                    "  %-44s %-10s relative error %.2e, %.1f dB%n",
                    error.tensor(),
                    error.format(),
                    error.relativeError(),
                    error.snrDb());
        }
    }
}
