package io.wan4j.checkpoint;

import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;

/** Name, format and shape of a tensor: all that a file's header says about it. */
public record TensorSpec(String name, Format format, Shape shape) {
    public TensorSpec {
        Math.multiplyExact(shape.count(), (long) format.bytes());
    }

    /** The header entry of a stored tensor. */
    public static TensorSpec of(CheckpointTensor tensor) {
        return new TensorSpec(tensor.name(), tensor.format(), tensor.shape());
    }

    /** Number of bytes of the data. */
    public long byteLength() {
        return shape.count() * format.bytes();
    }
}
