package io.wan4j.testkit.golden;

import io.wan4j.spi.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Runs every case of one folder of golden vectors. Other sizes, seeds and numbers of cases than the shipped ones work. */
public interface GoldenSuite {
    /** Name of the folder that it covers. */
    String name();

    /** Runs all cases of a folder on a device and compares every tensor. */
    List<GoldenResult> run(Path folder, Device device);

    /** The folders directly below a folder, by name. */
    static List<Path> folders(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(Files::isDirectory).sorted().toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(folder + ": expected a folder of golden vectors", failure);
        }
    }
}
