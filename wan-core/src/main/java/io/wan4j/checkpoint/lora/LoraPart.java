package io.wan4j.checkpoint.lora;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.Shape;

/** One change that a LoRA file holds, under the file's own name for its layer, without prefix. */
sealed interface LoraPart {
    /** Layer as the file names it. */
    String layer();

    /** What of the layer it changes: {@code weight}, {@code bias} or {@code modulation}. */
    String parameter();

    /** Name in the file, for messages. */
    String key();

    /** Whether it can be added to a tensor of this shape. */
    boolean fits(Shape shape);

    /** What it holds, for messages. */
    Shape shape();

    /**
     * {@code W += strength * factor * up down}.
     *
     * @param down [rank, in], further axes of a convolution's kernel may follow
     * @param up [out, rank], further axes of extent 1 may follow
     * @param factor alpha / rank where the file has an alpha that is not 0, else 1
     */
    record LowRank(String key, String layer, CheckpointTensor down, CheckpointTensor up, float factor)
            implements LoraPart {
        /** Checks that the two matrices fit together. */
        public LowRank {
            long rank = down.shape().rank() < 2 ? 0 : down.shape().dim(0);
            if (rank == 0
                    || up.shape().rank() < 2
                    || up.shape().dim(1) != rank
                    || up.shape().count() != up.shape().dim(0) * rank) {
                throw new CheckpointException(key + ": expected up [out,rank] and down [rank,in], got " + up.shape()
                        + " and " + down.shape() + " in " + up.location());
            }
        }

        @Override
        public String parameter() {
            return "weight";
        }

        long rank() {
            return down.shape().dim(0);
        }

        @Override
        public boolean fits(Shape target) {
            return target.rank() >= 2
                    && target.dim(0) == up.shape().dim(0)
                    && target.count() / target.dim(0) * rank() == down.shape().count();
        }

        @Override
        public Shape shape() {
            return Shape.of(up.shape().dim(0), down.shape().count() / rank());
        }
    }

    /** {@code W += strength * values}, of any shape. */
    record Difference(String key, String layer, String parameter, CheckpointTensor values) implements LoraPart {
        @Override
        public boolean fits(Shape target) {
            return target.count() == values.shape().count();
        }

        @Override
        public Shape shape() {
            return values.shape();
        }
    }
}
