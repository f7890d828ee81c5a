package io.wan4j.model.dit;

/**
 * How many blocks stay on the device. The others are brought in for each use, the next one while the current one runs.
 *
 * @param resident blocks that stay, the first ones of the model
 */
public record Residency(int resident) {
    /** All blocks stay. */
    public static final Residency ALL = new Residency(Integer.MAX_VALUE);

    /** Checks the number. */
    public Residency {
        if (resident < 0) {
            throw new IllegalArgumentException("resident blocks: expected 0 or more, got " + resident);
        }
    }
}
