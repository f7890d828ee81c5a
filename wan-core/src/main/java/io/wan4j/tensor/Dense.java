package io.wan4j.tensor;

/**
 * A weight in a floating format.
 *
 * @param values the weight; its storage may be packed in the order of the backend
 */
public record Dense(Tensor values) implements Weight {
    @Override
    public Shape shape() {
        return values.shape();
    }

    @Override
    public long bytes() {
        return values.storage().bytes();
    }
}
