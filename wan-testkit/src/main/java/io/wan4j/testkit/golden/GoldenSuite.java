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

    /**
     * Runs all cases of a folder on a device and compares every tensor. A case that cannot be run is a failure of that
     * case; what the suite has no way to run is written down as not covered.
     */
    void run(Path folder, Device device, GoldenResults results);

    /** Runs all cases of a folder on a device; the comparisons. */
    default List<GoldenResult> run(Path folder, Device device) {
        return report(folder, device).list();
    }

    /** Runs all cases of a folder on a device; a suite that cannot start is one failure. */
    default GoldenResults report(Path folder, Device device) {
        GoldenResults results = new GoldenResults(name(), device.formats().compute());
        results.attempt("suite", () -> run(folder, device, results));
        return results;
    }

    /** Names without their ending of the files of a folder with this ending, in order. */
    static List<String> files(Path folder, String ending) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(path -> String.valueOf(path.getFileName()))
                    .filter(name -> name.endsWith(ending))
                    .map(name -> name.substring(0, name.length() - ending.length()))
                    .sorted()
                    .toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(folder + ": expected a folder of golden vectors", failure);
        }
    }

    /** The folders directly below a folder, by name. */
    static List<Path> folders(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(Files::isDirectory).sorted().toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(folder + ": expected a folder of golden vectors", failure);
        }
    }
}
