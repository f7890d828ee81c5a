package io.wan4j.checkpoint;

import io.wan4j.error.CheckpointException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Named tensors in one or several checkpoint files. Closing it ends the use of every tensor it gave. */
public interface TensorFiles extends AutoCloseable {

    /** All names, in the order of the files. */
    Set<String> names();

    /** The tensor with this name, if there is one. */
    Optional<CheckpointTensor> find(String name);

    /** The files behind it. */
    List<Path> files();

    /** Free text that the writer of the files attached. */
    Map<String, String> metadata();

    /**
     * The tensor with this name.
     *
     * @throws CheckpointException if there is none; the message names the files
     */
    default CheckpointTensor tensor(String name) {
        return find(name)
                .orElseThrow(() -> new CheckpointException(
                        name + ": expected in " + files() + ", got " + names().size() + " tensors without it"));
    }

    @Override
    void close();
}
