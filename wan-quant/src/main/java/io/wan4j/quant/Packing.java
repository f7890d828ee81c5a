package io.wan4j.quant;

import io.wan4j.checkpoint.CheckpointTensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How the tensors of a component are spread over files. */
public sealed interface Packing {
    /** All in one file. */
    record SingleFile() implements Packing {}

    /**
     * In several files with an index.
     *
     * @param bytes most bytes of tensors in one file; a larger tensor has a file of its own
     */
    record Shards(long bytes) implements Packing {
        /** Checks the size. */
        public Shards {
            if (bytes < 1) {
                throw new IllegalArgumentException("shards: expected at least 1 byte each, got " + bytes);
            }
        }
    }

    /** {@code block_N.safetensors} and {@code non_block.safetensors} with an index: LightX2V. */
    record Blocks() implements Packing {}

    /** Name and tensors of each file, for a component whose single file would be {@code stem.safetensors}. */
    default Map<String, List<CheckpointTensor>> files(String stem, Collection<CheckpointTensor> tensors) {
        Map<String, List<CheckpointTensor>> files = new LinkedHashMap<>();
        if (this instanceof Blocks) {
            for (CheckpointTensor tensor : tensors) {
                String[] parts = tensor.name().split("\\.");
                String file = parts[0].equals("blocks") ? "block_" + parts[1] : "non_block";
                files.computeIfAbsent(file + ".safetensors", key -> new ArrayList<>())
                        .add(tensor);
            }
        } else if (this instanceof Shards shards) {
            List<List<CheckpointTensor>> groups = groups(tensors, shards.bytes());
            for (int i = 0; i < groups.size(); i++) {
                files.put(String.format("%s-%05d-of-%05d.safetensors", stem, i + 1, groups.size()), groups.get(i));
            }
        } else {
            files.put(stem + ".safetensors", List.copyOf(tensors));
        }
        return files;
    }

    private static List<List<CheckpointTensor>> groups(Collection<CheckpointTensor> tensors, long limit) {
        List<List<CheckpointTensor>> groups = new ArrayList<>();
        long used = Long.MAX_VALUE;
        for (CheckpointTensor tensor : tensors) {
            if (groups.isEmpty() || used + tensor.bytes() > limit) {
                groups.add(new ArrayList<>());
                used = 0;
            }
            groups.get(groups.size() - 1).add(tensor);
            used += tensor.bytes();
        }
        return groups;
    }
}
