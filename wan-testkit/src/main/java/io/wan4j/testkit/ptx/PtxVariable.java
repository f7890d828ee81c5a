package io.wan4j.testkit.ptx;

/**
 * A declared variable or parameter.
 *
 * @param dynamic declared {@code extern} without a size: takes the launch's dynamic shared memory
 * @param initial initial bytes, empty if not initialised
 */
record PtxVariable(StateSpace space, String name, int align, long bytes, boolean dynamic, byte[] initial) {
    PtxVariable {
        if (align < 1 || Integer.bitCount(align) != 1) {
            throw new IllegalArgumentException(name + ": alignment must be a power of two, got " + align);
        }
    }
}
