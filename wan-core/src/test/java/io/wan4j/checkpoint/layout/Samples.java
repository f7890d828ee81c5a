package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.HeapBytes;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.checkpoint.gguf.GgufBuilder;
import io.wan4j.checkpoint.quantise.QuantisableLayers;
import io.wan4j.checkpoint.quantise.QuantisedWeights;
import io.wan4j.checkpoint.quantise.WeightScheme;
import io.wan4j.checkpoint.safetensors.SafetensorsWriter;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** Tiny checkpoints in every layout, made from the golden weights. */
final class Samples {
    static final Path OFFICIAL = Goldens.path("pipeline/Wan2.1-I2V-tiny");

    private Samples() {}

    /** Writes tensors to one safetensors file. */
    static Path write(Path target, Collection<CheckpointTensor> tensors) {
        List<TensorSpec> specs = tensors.stream().map(TensorSpec::of).toList();
        try {
            Files.createDirectories(target.toAbsolutePath().getParent());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, specs, Map.of())) {
            tensors.forEach(writer::write);
            writer.finish();
        }
        return target;
    }

    /** The names of diffusers and Hugging Face. */
    static Collection<CheckpointTensor> diffusers(ModelPart part) {
        return Layouts.DIFFUSERS.stream()
                .filter(layout -> layout.component() == part.component())
                .findFirst()
                .orElseThrow()
                .fromCanonical(part.tensors())
                .values();
    }

    /** The same tensors under changed names. */
    static List<CheckpointTensor> renamed(Collection<CheckpointTensor> tensors, UnaryOperator<String> name) {
        return tensors.stream()
                .map(tensor -> tensor.named(name.apply(tensor.name())))
                .toList();
    }

    /** The same tensors and one more of bytes. */
    static List<CheckpointTensor> with(Collection<CheckpointTensor> tensors, String name, Format format, byte[] bytes) {
        return with(tensors, name, format, bytes, bytes.length / format.bytes());
    }

    /** The same tensors and one more of this shape. */
    static List<CheckpointTensor> with(
            Collection<CheckpointTensor> tensors, String name, Format format, byte[] bytes, long... dims) {
        List<CheckpointTensor> all = new ArrayList<>(tensors);
        Shape shape = Shape.of(dims);
        all.add(new CheckpointTensor(name, shape, format, new HeapBytes(bytes, Path.of("sample"))));
        return all;
    }

    /** Writes {@code block_N.safetensors} and {@code non_block.safetensors}. */
    static void writeBlocks(Path folder, Collection<CheckpointTensor> tensors) {
        Map<String, List<CheckpointTensor>> files = new TreeMap<>();
        for (CheckpointTensor tensor : tensors) {
            String[] parts = tensor.name().split("\\.");
            String file = parts[0].equals("blocks") ? "block_" + parts[1] : "non_block";
            files.computeIfAbsent(file, key -> new ArrayList<>()).add(tensor);
        }
        files.forEach((name, part) -> write(folder.resolve(name + ".safetensors"), part));
    }

    /** Writes a GGUF file of plain tensors, with the original shape of those of more than four extents. */
    static void writeGguf(Path target, Collection<CheckpointTensor> tensors) {
        GgufBuilder gguf = new GgufBuilder();
        for (CheckpointTensor tensor : tensors) {
            byte[] bytes = new byte[(int) tensor.bytes()];
            tensor.map().get(bytes);
            int type = tensor.format() == Format.F32 ? 0 : tensor.format() == Format.F16 ? 1 : 30;
            long[] shape = tensor.shape().toArray();
            if (shape.length > 4) {
                gguf.originalShape(tensor.name(), shape);
                shape = new long[] {shape[0], tensor.shape().count() / shape[0]};
            }
            long[] reversed = new long[shape.length];
            for (int axis = 0; axis < shape.length; axis++) {
                reversed[shape.length - 1 - axis] = shape[axis];
            }
            gguf.tensor(tensor.name(), type, bytes, reversed);
        }
        try {
            Files.write(target, gguf.build());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The tensors of a component with 8-bit weights and their scales, {@code X.weight_scale} beside {@code X.weight}. */
    static List<CheckpointTensor> quantised(ModelPart part, WeightScheme scheme) {
        List<CheckpointTensor> all = new ArrayList<>();
        for (CheckpointTensor tensor : part.tensors().values()) {
            if (QuantisableLayers.contains(part.component(), tensor.name(), tensor.shape())) {
                StoredWeight made = QuantisedWeights.quantise(tensor, scheme);
                all.add(onHeap(tensor.name(), made.values()));
                all.add(onHeap(
                        tensor.name().replaceAll("weight$", "weight_scale"),
                        made.scale().orElseThrow()));
            } else {
                all.add(tensor);
            }
        }
        return all;
    }

    /** A copy of a stored tensor. */
    static CheckpointTensor onHeap(String name, StoredTensor tensor) {
        byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
        tensor.read(0, bytes.length).get(bytes);
        return new CheckpointTensor(name, tensor.shape(), tensor.format(), new HeapBytes(bytes, Path.of("sample")));
    }

    /** Tensors by name, for {@link Layout#fromCanonical}. */
    static Map<String, CheckpointTensor> byName(Collection<CheckpointTensor> tensors) {
        Map<String, CheckpointTensor> byName = new LinkedHashMap<>();
        tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
        return byName;
    }

    /** Writes bytes to a new file, with its folders. */
    static Path write(Path target, byte[] bytes) {
        try {
            Files.createDirectories(target.toAbsolutePath().getParent());
            return Files.write(target, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void copy(Path from, Path to) {
        try {
            Files.createDirectories(to.toAbsolutePath().getParent());
            Files.copy(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
