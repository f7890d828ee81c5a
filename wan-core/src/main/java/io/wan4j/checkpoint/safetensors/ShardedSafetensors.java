package io.wan4j.checkpoint.safetensors;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.checkpoint.CheckpointJson;
import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.TensorFiles;
import io.wan4j.error.CheckpointException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Several safetensors files with an index ({@code *.safetensors.index.json}) that says which tensor lies where. Index
 * and shards must agree exactly.
 */
public final class ShardedSafetensors implements TensorFiles {
    private final Path index;
    private final List<SafetensorsFile> shards;
    private final Map<String, CheckpointTensor> tensors;

    private ShardedSafetensors(Path index, List<SafetensorsFile> shards, Map<String, CheckpointTensor> tensors) {
        this.index = index;
        this.shards = shards;
        this.tensors = tensors;
    }

    /**
     * Opens an index and all its shards, which lie beside it.
     *
     * @throws CheckpointException if a shard is missing or damaged, or holds other tensors than the index says
     */
    public static ShardedSafetensors open(Path index) {
        Map<String, String> weightMap = weightMap(index);
        List<SafetensorsFile> shards = new ArrayList<>();
        try {
            Map<String, CheckpointTensor> tensors = new LinkedHashMap<>();
            for (String shard : Set.copyOf(weightMap.values()).stream().sorted().toList()) {
                SafetensorsFile file = openShard(index, shard);
                shards.add(file);
                addShard(index, weightMap, shard, file, tensors);
            }
            checkComplete(index, weightMap, tensors);
            return new ShardedSafetensors(index, List.copyOf(shards), Collections.unmodifiableMap(tensors));
        } catch (RuntimeException e) {
            shards.forEach(SafetensorsFile::close);
            throw e;
        }
    }

    private static Map<String, String> weightMap(Path index) {
        JsonNode node = CheckpointJson.readObject(index).path("weight_map");
        if (!node.isObject()) {
            throw new CheckpointException(index + ": expected an object weight_map");
        }
        Map<String, String> map = new LinkedHashMap<>();
        node.properties().forEach(entry -> {
            String shard = entry.getValue().asText("");
            if (!entry.getValue().isTextual() || !isPlainName(shard)) {
                throw new CheckpointException(index + ": " + entry.getKey()
                        + ": expected the name of a file beside the index, got " + entry.getValue());
            }
            map.put(entry.getKey(), shard);
        });
        return map;
    }

    private static boolean isPlainName(String name) {
        return !name.isEmpty()
                && name.chars().noneMatch(c -> c == '/' || c == '\\' || c < ' ' || c == ':')
                && !name.equals("..")
                && !name.equals(".");
    }

    private static SafetensorsFile openShard(Path index, String shard) {
        Path path = index.resolveSibling(shard);
        if (!Files.isRegularFile(path)) {
            throw new CheckpointException(
                    path + ": expected this shard of " + index + ", got nothing there; is the download complete?");
        }
        return SafetensorsFile.open(path);
    }

    private static void addShard(
            Path index,
            Map<String, String> weightMap,
            String shard,
            SafetensorsFile file,
            Map<String, CheckpointTensor> tensors) {
        for (String name : file.names()) {
            String listed = weightMap.get(name);
            if (!shard.equals(listed)) {
                throw new CheckpointException(file.path() + ": " + name + ": expected in "
                        + (listed == null ? "no shard" : listed) + " according to " + index.getFileName()
                        + ", got it in " + shard);
            }
            tensors.put(name, file.tensor(name));
        }
    }

    private static void checkComplete(
            Path index, Map<String, String> weightMap, Map<String, CheckpointTensor> tensors) {
        for (Map.Entry<String, String> entry : weightMap.entrySet()) {
            if (!tensors.containsKey(entry.getKey())) {
                throw new CheckpointException(index.resolveSibling(entry.getValue()) + ": " + entry.getKey()
                        + ": expected according to " + index.getFileName() + ", got a shard without it");
            }
        }
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public Optional<CheckpointTensor> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    @Override
    public List<Path> files() {
        return shards.stream().map(SafetensorsFile::path).toList();
    }

    @Override
    public Map<String, String> metadata() {
        Map<String, String> all = new LinkedHashMap<>();
        shards.forEach(shard -> all.putAll(shard.metadata()));
        return Collections.unmodifiableMap(all);
    }

    @Override
    public void close() {
        shards.forEach(SafetensorsFile::close);
    }

    @Override
    public String toString() {
        return "sharded safetensors " + index;
    }
}
