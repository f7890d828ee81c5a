package io.wan4j.quant;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.testkit.GoldenFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The tiny model of the golden vectors, and conversions of it. */
final class Tiny {
    static final Path MODEL = GoldenFile.path("pipeline/Wan2.1-I2V-tiny");
    static final Path TRANSFORMER = MODEL.resolve("diffusion_pytorch_model.safetensors.index.json");

    private Tiny() {}

    static ConversionReport convert(Path source, Path target, Conversion.Naming naming, TargetFormat format) {
        return new Converter(new Conversion(source, target, naming, format, List.of()), ConversionListener.NONE).run();
    }

    static Conversion.Naming single(TargetLayout layout) {
        return new Conversion.Naming(layout, new Packing.SingleFile());
    }

    static Conversion.Naming blocks() {
        return new Conversion.Naming(TargetLayout.OFFICIAL, new Packing.Blocks());
    }

    /** Name, format, shape and bytes of all canonical tensors. */
    static Map<String, String> content(Path path) {
        Map<String, String> content = new TreeMap<>();
        try (ModelPart part = ModelPart.open(path)) {
            for (CheckpointTensor tensor : part.tensors().values()) {
                ByteBuffer bytes = tensor.read(0, tensor.bytes());
                content.put(tensor.name(), tensor.format() + " " + tensor.shape() + " " + bytes.hashCode());
            }
        }
        return content;
    }
}
