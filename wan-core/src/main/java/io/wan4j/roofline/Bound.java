package io.wan4j.roofline;

/**
 * The least time that work can take.
 *
 * @param compute seconds of matrix work alone
 * @param memory seconds of reading and writing every operation's operands once
 */
public record Bound(double compute, double memory) {
    /** Seconds: no run can be quicker that does these operations one by one in these formats. */
    public double seconds() {
        return Math.max(compute, memory);
    }

    /** Whether memory, rather than arithmetic, is what limits. */
    public boolean isMemoryBound() {
        return memory > compute;
    }

    /** Share of the bound that a run of so many seconds reached, 0 to 1. */
    public double fraction(double measured) {
        return measured <= 0 ? 0 : seconds() / measured;
    }
}
