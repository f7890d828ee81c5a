package io.wan4j.model.dit;

/**
 * How many blocks stay on the device. The others are brought in for each use, in turn through a few slots, while the
 * blocks before them run.
 *
 * @param resident blocks that stay, the first ones of the model
 * @param slots most other blocks that are on the device at once
 */
public record Residency(int resident, int slots) {
    /** Slots that streaming needs: one block runs while the next one comes. */
    public static final int LEAST_SLOTS = 2;

    /** Slots beyond which more would only take room from resident blocks. */
    public static final int MOST_SLOTS = 3;

    /** All blocks stay. */
    public static final Residency ALL = new Residency(Integer.MAX_VALUE);

    /** Checks the numbers. */
    public Residency {
        if (resident < 0 || slots < LEAST_SLOTS) {
            throw new IllegalArgumentException("residency: expected 0 resident blocks or more and " + LEAST_SLOTS
                    + " slots or more, got " + resident + " and " + slots);
        }
    }

    /** So many blocks stay, the others share as few slots as can be. */
    public Residency(int resident) {
        this(resident, LEAST_SLOTS);
    }

    /** What to do with room for so many of {@code layers} blocks: three slots where that leaves three quarters of it. */
    public static Residency forRoom(int blocks, int layers) {
        if (blocks >= layers) {
            return ALL;
        }
        int slots = blocks >= 4 * MOST_SLOTS ? MOST_SLOTS : LEAST_SLOTS;
        return atMost(Math.max(0, blocks - slots), slots, layers);
    }

    /** A quarter of the resident ones of {@code layers} blocks less, at least one; if none is resident, the fewest slots. */
    public Residency fewer(int layers) {
        int present = Math.min(resident, layers);
        return present == 0 ? new Residency(0, LEAST_SLOTS) : atMost(present - Math.max(1, present / 4), slots, layers);
    }

    /**
     * No number of streamed blocks leaves one over when it is divided by the slots, so that the last block of a step and
     * the first streamed one of the next step come to different slots.
     */
    private static Residency atMost(int resident, int slots, int layers) {
        boolean oneOver = (layers - resident) % slots == 1;
        return new Residency(oneOver ? Math.max(0, resident - 1) : resident, slots);
    }
}
