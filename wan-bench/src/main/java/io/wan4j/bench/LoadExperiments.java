package io.wan4j.bench;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.spi.Device;
import io.wan4j.testkit.synth.Packing;
import io.wan4j.testkit.synth.SyntheticCheckpoint;
import io.wan4j.testkit.synth.SyntheticSizes;
import io.wan4j.testkit.synth.WeightEncoding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * From files to a transformer that is ready: its folder looked through, its files mapped, every weight packed for the
 * device. The files come from the system's page cache, so that the disk is not measured.
 */
final class LoadExperiments {
    private static final int BLOCKS = 2;

    private LoadExperiments() {}

    static List<Experiment> all(Devices devices) {
        return List.of(load(devices, WeightEncoding.BF16), load(devices, WeightEncoding.INT8));
    }

    private static Experiment load(Devices devices, WeightEncoding encoding) {
        SyntheticCheckpoint checkpoint = new SyntheticCheckpoint(
                SyntheticSizes.i2v14b().withLayers(BLOCKS), encoding, Packing.BLOCKS, Set.of(Component.TRANSFORMER), 1);
        String shape = String.format(Locale.ROOT, "%d of 40 blocks, %.2f GB", BLOCKS, checkpoint.bytes() / 1e9);
        return new Experiment("load 14B", shape, 0, false, List.of(() -> contender(devices.bf16(), checkpoint)));
    }

    private static Contender contender(Device device, SyntheticCheckpoint checkpoint) {
        Path folder = temporary();
        checkpoint.write(folder, written -> {});
        return Contender.ours(
                device.name(),
                checkpoint.encoding().name(),
                () -> {
                    try (ModelFiles files = ModelFiles.open(folder)) {
                        WanTransformer.load(
                                        checkpoint.sizes().transformer(),
                                        files.weights(Component.TRANSFORMER),
                                        device,
                                        Residency.ALL)
                                .close();
                    }
                },
                () -> delete(folder));
    }

    private static Path temporary() {
        try {
            return Files.createTempDirectory("wan-bench");
        } catch (IOException failure) {
            throw new UncheckedIOException("a temporary folder cannot be made", failure);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException failure) {
                    throw new UncheckedIOException(path + ": cannot be deleted", failure);
                }
            });
        } catch (IOException failure) {
            throw new UncheckedIOException(folder + ": cannot be deleted", failure);
        }
    }
}
