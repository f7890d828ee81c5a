package io.wan4j.tensor;

import io.wan4j.error.CheckpointException;
import java.util.Optional;

/**
 * A weight as a checkpoint holds it: values, or 8-bit codes with their scale.
 *
 * @param values values in a floating format, or codes (F8_E4M3 or I8) where {@code scale} is present
 * @param scale scales in any floating format: one for each entry of the first axis ([out], [out,1]) or one for all
 * @param activations what to do with the layer's input where the weight is scaled
 */
public record StoredWeight(StoredTensor values, Optional<StoredTensor> scale, ActivationMode activations) {
    /** Checks that codes have a scale and that there is one a row, or one for all. */
    public StoredWeight {
        if (scale.isPresent()) {
            long scales = scale.get().shape().count();
            if (!values.format().isCode()
                    || (scales != 1 && scales != values.shape().dim(0))) {
                throw new CheckpointException(values.name() + ": expected 8-bit codes with 1 or "
                        + values.shape().dim(0) + " scales, got " + values.shape() + " " + values.format() + " with "
                        + scale.get().shape() + " in " + values.location());
            }
        }
    }

    /** A weight in a floating format. */
    public static StoredWeight dense(StoredTensor values) {
        return new StoredWeight(values, Optional.empty(), ActivationMode.UNQUANTISED);
    }
}
