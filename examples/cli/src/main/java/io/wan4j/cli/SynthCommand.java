package io.wan4j.cli;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.media.Overwrite;
import io.wan4j.testkit.synth.Packing;
import io.wan4j.testkit.synth.SyntheticCheckpoint;
import io.wan4j.testkit.synth.SyntheticSizes;
import io.wan4j.testkit.synth.WeightEncoding;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code wan synth}. */
@Command(
        name = "synth",
        description =
                "Writes a model in the shapes of a real one with random weights, and a picture, for measurements.",
        mixinStandardHelpOptions = true)
final class SynthCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            defaultValue = "i2v-14b",
            description = "i2v-14b or tiny (default: ${DEFAULT-VALUE}).")
    private String preset = "i2v-14b";

    @Option(
            names = "--to",
            paramLabel = "FORMAT",
            defaultValue = "INT8",
            description = "Format of the transformer's linears: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private WeightEncoding encoding = WeightEncoding.INT8;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder of the model.")
    private Path out = Path.of("");

    @Option(
            names = "--components",
            paramLabel = "LIST",
            split = ",",
            description = "Some of ${COMPLETION-CANDIDATES}, with commas; all by default.")
    private Set<Component> components = EnumSet.allOf(Component.class);

    @Option(
            names = "--packing",
            paramLabel = "P",
            defaultValue = "BLOCKS",
            description = "Files of the transformer: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Packing packing = Packing.BLOCKS;

    @Option(names = "--layers", paramLabel = "N", description = "Blocks of the transformer, for smaller trials.")
    private int layers;

    @Option(names = "--encoder-layers", paramLabel = "N", description = "Blocks of both encoders, likewise.")
    private int encoderLayers;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed of the weights.")
    private long seed = 1;

    @SuppressWarnings("NullAway.Init")
    SynthCommand() {}

    @Override
    public Integer call() {
        if (Files.isDirectory(out)) {
            refuseContent();
        }
        SyntheticCheckpoint checkpoint = new SyntheticCheckpoint(sizes(), encoding, packing, components, seed);
        PrintWriter print = spec.commandLine().getOut();
        long bytes = checkpoint.bytes();
        print.printf("%s: %,d MiB%n", out, bytes >> 20);
        print.flush();
        long start = System.nanoTime();
        long[] shown = {0};
        checkpoint.write(out, done -> {
            if (done * 10 / Math.max(1, bytes) > shown[0]) {
                shown[0] = done * 10 / bytes;
                print.printf("%d %%%n", 10 * shown[0]);
                print.flush();
            }
        });
        DemoPicture.draw().writePng(out.resolve("picture.png"), Overwrite.REPLACE);
        double seconds = (System.nanoTime() - start) / 1e9;
        print.printf(Locale.ROOT, "%.1f s, %.0f MB/s%n", seconds, bytes / 1e6 / seconds);
        return 0;
    }

    private void refuseContent() {
        try (var entries = Files.list(out)) {
            if (entries.findAny().isPresent()) {
                throw new IllegalArgumentException(
                        out + ": expected an empty folder or none, but it has files; choose another name");
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(out + ": cannot be listed", failure);
        }
    }

    private SyntheticSizes sizes() {
        SyntheticSizes sizes = switch (preset) {
            case "i2v-14b" -> SyntheticSizes.i2v14b();
            case "tiny" -> SyntheticSizes.tiny();
            default -> throw new IllegalArgumentException("--preset: expected i2v-14b or tiny, got " + preset);
        };
        SyntheticSizes deep = layers > 0 ? sizes.withLayers(layers) : sizes;
        return encoderLayers > 0 ? deep.withEncoderLayers(encoderLayers) : deep;
    }
}
