package io.wan4j.checkpoint;

import io.wan4j.error.CheckpointException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Several files whose tensors make up one model; no name may come twice. Closing it closes all of them. */
public final class UnionFiles implements TensorFiles {
    private final List<TensorFiles> parts;
    private final Map<String, CheckpointTensor> tensors;

    private UnionFiles(List<TensorFiles> parts, Map<String, CheckpointTensor> tensors) {
        this.parts = parts;
        this.tensors = tensors;
    }

    /**
     * The union of these files, which it owns from now on.
     *
     * @throws CheckpointException if two files hold a tensor of the same name; the message names both, and the files
     *     stay open
     */
    public static UnionFiles of(List<? extends TensorFiles> files) {
        Map<String, CheckpointTensor> tensors = new LinkedHashMap<>();
        for (TensorFiles file : files) {
            for (String name : file.names()) {
                CheckpointTensor added = file.tensor(name);
                CheckpointTensor other = tensors.put(name, added);
                if (other != null) {
                    throw new CheckpointException(name + ": expected in one file, got it in " + other.path()
                            + " and in " + added.path() + "; keep the files of one checkpoint only");
                }
            }
        }
        return new UnionFiles(List.copyOf(files), Collections.unmodifiableMap(tensors));
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
        return parts.stream().flatMap(part -> part.files().stream()).toList();
    }

    @Override
    public Map<String, String> metadata() {
        Map<String, String> all = new LinkedHashMap<>();
        parts.forEach(part -> all.putAll(part.metadata()));
        return Collections.unmodifiableMap(all);
    }

    @Override
    public void close() {
        parts.forEach(TensorFiles::close);
    }

    @Override
    public String toString() {
        return parts.size() + " files " + files();
    }
}
