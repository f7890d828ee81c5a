package io.wan4j.ops;

import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.StoredTensor;

/** Small stored tensors as host floats. */
final class StoredFloats {
    private StoredFloats() {}

    /** All elements, upcast; at most 2^28 of them. */
    static float[] read(StoredTensor stored) {
        long count = stored.shape().count();
        if (!stored.format().isFloat() || count > 1 << 28) {
            throw new CheckpointException(stored.name() + ": expected parameters in a floating format, got "
                    + stored.shape() + " " + stored.format() + " in " + stored.location());
        }
        float[] values = new float[(int) count];
        FloatCodec.decode(stored.format(), stored.read(0, stored.bytes()), 0, values, 0, values.length);
        return values;
    }
}
