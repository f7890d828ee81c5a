package io.wan4j.checkpoint.lora;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.tensor.FloatCodec;

/**
 * A part of a LoRA at one strength.
 *
 * @param part pair or difference
 * @param strength of the LoRA, without the part's own factor
 */
record Change(LoraPart part, float strength) {
    /** Adds rows of a change to rows of a weight. */
    @FunctionalInterface
    interface RowAdder {
        /** Adds row {@code row} to the {@code columns} elements from {@code at}. Thread-safe. */
        void add(int row, float[] target, int at, int columns);
    }

    /** Reads what is needed to add the change to rows. */
    RowAdder rows() {
        if (part instanceof LoraPart.LowRank pair) {
            return new ProductRows(
                    floats(pair.up()), floats(pair.down()), Math.toIntExact(pair.rank()), pair.factor(), strength);
        }
        float[] values = floats(((LoraPart.Difference) part).values());
        return (row, target, at, columns) -> {
            for (int i = 0; i < columns; i++) {
                target[at + i] += values[row * columns + i] * strength;
            }
        };
    }

    static float[] floats(CheckpointTensor tensor) {
        float[] all = new float[Math.toIntExact(tensor.shape().count())];
        FloatCodec.decode(tensor.format(), tensor.read(0, tensor.bytes()), 0, all, 0, all.length);
        return all;
    }

    /** Rows of {@code up down * factor * strength}. */
    private record ProductRows(float[] up, float[] down, int rank, float factor, float strength) implements RowAdder {
        @Override
        public void add(int row, float[] target, int at, int columns) {
            float[] product = new float[columns];
            for (int k = 0; k < rank; k++) {
                float weight = up[row * rank + k];
                int from = k * columns;
                for (int i = 0; i < columns; i++) {
                    product[i] += weight * down[from + i];
                }
            }
            for (int i = 0; i < columns; i++) {
                target[at + i] += product[i] * factor * strength;
            }
        }
    }
}
