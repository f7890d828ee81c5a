package io.wan4j.testkit.golden;

import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.WeightSource;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** A safetensors file of golden vectors. */
public final class GoldenFile implements AutoCloseable {
    private final SafetensorsFile file;

    private GoldenFile(SafetensorsFile file) {
        this.file = file;
    }

    /** Opens a file. */
    public static GoldenFile open(Path path) {
        return new GoldenFile(SafetensorsFile.open(path));
    }

    /** Names of its tensors. */
    public Set<String> names() {
        return file.names();
    }

    /** Whether it has a tensor. */
    public boolean has(String name) {
        return file.names().contains(name);
    }

    /** Values of a floating tensor. */
    public float[] floats(String name) {
        require(name);
        return file.tensor(name).toFloats();
    }

    /** Values of an integer tensor. */
    public long[] longs(String name) {
        require(name);
        return file.tensor(name).toLongs();
    }

    /** Extents of a tensor. */
    public Shape shape(String name) {
        require(name);
        return file.tensor(name).shape();
    }

    /** Its tensors as weights. */
    public WeightSource weights() {
        return new WeightSource() {
            @Override
            public Set<String> names() {
                return file.names();
            }

            @Override
            public Optional<StoredTensor> find(String name) {
                return file.find(name).map(StoredTensor.class::cast);
            }

            @Override
            public String location() {
                return file.path().toString();
            }
        };
    }

    private void require(String name) {
        if (!has(name)) {
            throw new CheckpointException(name + ": expected in the golden file, got only " + names());
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
