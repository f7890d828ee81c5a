package io.wan4j.cli;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.quant.Conversion;
import io.wan4j.quant.ConversionListener;
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
        Conversion conversion = new Conversion(from, to, new Conversion.Naming(layout, packing), format, loras.loras());
        PrintWriter out = spec.commandLine().getOut();
        ConversionListener listener = new Lines(spec.commandLine().getErr());
        List<ConversionReport> reports = isModel()
                ? new ModelConversion(conversion).run(listener)
                : List.of(new Converter(conversion, listener).run());
        reports.forEach(report -> print(report, out));
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
        report.loras().forEach(line -> out.println("  LoRA " + line));
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

    /** A line for every hundredth part. */
    private static final class Lines implements ConversionListener {
        private final PrintWriter err;
        private long shown = -1;

        Lines(PrintWriter err) {
            this.err = err;
        }

        @Override
        public void at(String what, long done, long total) {
            long percent = total == 0 ? 100 : 100 * done / total;
            if (percent / 5 != shown / 5 || shown < 0) {
                shown = percent;
                err.printf(Locale.ROOT, "wan: %3d %% %s%n", percent, what);
                err.flush();
            }
        }
    }
}
