package io.wan4j.spi;

/**
 * Memory for one thing at a time that is brought in while others are computed with: the same requests get the same
 * addresses each time. One thread fills it ({@link #refill}, {@link #allocate}, {@link #place}, {@link #filled}), another
 * one computes ({@link #use}, kernels, {@link #used}); they agree between themselves whose turn it is. Neither waits for
 * the device here: the device keeps the order.
 */
public interface Slot extends Arena {
    /** Starts over. What comes next is copied after the kernels that were handed over before {@link #used}. */
    void refill();

    /** All has been placed. */
    void filled();

    /** Kernels that are handed over from now on start after all that was placed has come. */
    void use();

    /** Kernels that were handed over so far are the last ones that read it. */
    void used();
}
