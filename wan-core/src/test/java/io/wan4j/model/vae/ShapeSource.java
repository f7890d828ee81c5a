package io.wan4j.model.vae;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.wan4j.checkpoint.Goldens;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.WeightSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** A checkpoint of which only names and shapes are known; its values are zeros. */
final class ShapeSource implements WeightSource {
    private final Map<String, Shape> shapes = new LinkedHashMap<>();
    private final Set<String> used = new TreeSet<>();

    /** The published VAE, from the list of its tensors. */
    static ShapeSource published() throws IOException {
        ShapeSource source = new ShapeSource();
        JsonNode names = new ObjectMapper()
                .readTree(Goldens.path("names/vae_original.json").toFile());
        names.properties().forEach(entry -> {
            List<Long> dims = new ArrayList<>();
            entry.getValue().get("shape").forEach(dim -> dims.add(dim.asLong()));
            source.shapes.put(entry.getKey(), Shape.of(dims));
        });
        return source;
    }

    ShapeSource without(String name) {
        shapes.remove(name);
        return this;
    }

    ShapeSource with(String name, long... dims) {
        shapes.put(name, Shape.of(dims));
        return this;
    }

    /** Names that were asked for. */
    Set<String> used() {
        return used;
    }

    @Override
    public Set<String> names() {
        return shapes.keySet();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        used.add(name);
        return Optional.ofNullable(shapes.get(name)).map(shape -> new Zeros(name, shape));
    }

    @Override
    public String location() {
        return "names.json";
    }

    private record Zeros(String name, Shape shape) implements StoredTensor {
        @Override
        public Format format() {
            return Format.F32;
        }

        @Override
        public String location() {
            return "names.json";
        }

        @Override
        public ByteBuffer read(long offset, long length) {
            return ByteBuffer.allocate(Math.toIntExact(length)).order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
