package io.wan4j.quant;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.checkpoint.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The hidden folder in which a conversion works. Files have the suffix {@code .staged} there, so that no reader takes
 * some of them for a model.
 *
 * @param target file or folder that the user asked for
 * @param folder where the files are until all are complete
 * @param single whether the target is a file
 */
record Staging(Path target, Path folder, boolean single) {
    private static final String STAGED = ".staged";
    private static final String SUFFIX = ".safetensors";
    private static final String INDEX = ".index.json";

    /** Makes the folder, or finds the one of an earlier run; what another conversion left in it goes. */
    static Staging open(Conversion conversion, String identity) {
        Path target = conversion.target().toAbsolutePath().normalize();
        if (Files.exists(target)) {
            throw new IllegalArgumentException(
                    target + ": expected a new file or folder, got one that exists; remove it or choose another");
        }
        boolean single = conversion.naming().packing() instanceof Packing.SingleFile;
        if (single && !target.toString().endsWith(SUFFIX)) {
            throw new IllegalArgumentException(target + ": expected a file ending in " + SUFFIX);
        }
        Path folder = target.resolveSibling("." + target.getFileName() + ".converting");
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be made", e);
        }
        Staging staging = new Staging(target, folder, single);
        if (!Journal.belongs(staging.journal(), identity)) {
            staging.empty();
        }
        return staging;
    }

    private void empty() {
        try (Stream<Path> left = Files.list(folder)) {
            for (Path file : left.toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": what an earlier conversion left cannot be removed", e);
        }
    }

    /** What a conversion is, and its input: sizes and dates of files. */
    static String identity(Conversion conversion, List<Path> sources) {
        StringBuilder text = new StringBuilder();
        text.append(conversion.naming()).append(' ').append(conversion.format());
        sources.forEach(file -> describe(file, text));
        for (Lora lora : conversion.changes().loras()) {
            describe(lora.file(), text);
            text.append(lora.strength());
        }
        conversion.changes().balance().ifPresent(balance -> {
            describe(balance.maxima(), text);
            text.append(' ').append(balance.exponent());
        });
        return text.toString().replaceAll("[\\r\\n]", " ");
    }

    private static void describe(Path file, StringBuilder text) {
        try {
            text.append(' ')
                    .append(file.toAbsolutePath().normalize())
                    .append(' ')
                    .append(Files.size(file))
                    .append(' ')
                    .append(Files.getLastModifiedTime(file));
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read", e);
        }
    }

    /** Name of the component's file without extension. */
    String stem() {
        String name = String.valueOf(target.getFileName());
        return single ? name.substring(0, name.length() - SUFFIX.length()) : "diffusion_pytorch_model";
    }

    Path journal() {
        return folder.resolve("journal");
    }

    /** Where a file is until all are complete. */
    Path file(String name) {
        return folder.resolve(name + STAGED);
    }

    boolean isFinished(String name) {
        return Files.isRegularFile(file(name));
    }

    boolean hasPartial(String name) {
        return Files.isRegularFile(SafetensorsWriter.partial(file(name)));
    }

    /** Fails early where the disk has no room for all that is to be written. */
    void checkRoom(long bytes) {
        try (Stream<Path> present = Files.list(folder)) {
            long there = present.mapToLong(path -> path.toFile().length()).sum();
            long free = Files.getFileStore(folder).getUsableSpace();
            if (bytes - there > free) {
                throw new UncheckedIOException(
                        target + ": expected room for " + bytes + " bytes, got " + free + " free; is the disk full?",
                        new IOException("no space left"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be listed", e);
        } catch (UncheckedIOException full) {
            remove();
            throw full;
        }
    }

    /** Gives the files their names and moves them to the target. */
    void finish(ModelPart part, Map<String, List<CheckpointTensor>> files, ConversionReport report) {
        try {
            if (single) {
                String only = files.keySet().iterator().next();
                Files.move(file(only), target, StandardCopyOption.ATOMIC_MOVE);
                report.write(target.resolveSibling(target.getFileName() + ".report.json"));
                remove();
                return;
            }
            if (files.size() > 1) {
                writeIndex(files);
            }
            for (Path config : configs(part)) {
                Files.copy(config, folder.resolve("config.json"), StandardCopyOption.REPLACE_EXISTING);
            }
            report.write(folder.resolve("conversion.report.json"));
            Files.delete(journal());
            for (String name : files.keySet()) {
                Files.move(file(name), folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            }
            Files.move(folder, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(target + ": cannot be finished; is the disk full?", e);
        }
    }

    private static List<Path> configs(ModelPart part) {
        return part.files().stream()
                .map(file -> file.resolveSibling("config.json"))
                .filter(Files::isRegularFile)
                .limit(1)
                .toList();
    }

    private void writeIndex(Map<String, List<CheckpointTensor>> files) throws IOException {
        ObjectNode index = new ObjectMapper().createObjectNode();
        long total = files.values().stream()
                .flatMap(List::stream)
                .mapToLong(CheckpointTensor::bytes)
                .sum();
        index.putObject("metadata").put("total_size", total);
        ObjectNode map = index.putObject("weight_map");
        files.forEach((name, tensors) -> tensors.forEach(tensor -> map.put(tensor.name(), name)));
        new ObjectMapper()
                .writerWithDefaultPrettyPrinter()
                .writeValue(
                        folder.resolve("diffusion_pytorch_model" + SUFFIX + INDEX)
                                .toFile(),
                        index);
    }

    /** Removes everything that was written. */
    void remove() {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be removed", e);
        }
    }
}
