package io.wan4j.testkit.ptx;

/**
 * Something a kernel did wrong, first seen at the given thread.
 *
 * @param kernel name of the kernel
 * @param line line in the PTX text
 * @param instruction text of the instruction
 * @param block index of the block
 * @param thread index of the thread in its block
 * @param address address concerned, 0 if none; shared and local addresses are offsets in their space
 * @param message what happened
 * @param count how often the same instruction did the same wrong
 */
public record Finding(
        Kind kind,
        String kernel,
        int line,
        String instruction,
        Grid.Index block,
        Grid.Index thread,
        long address,
        String message,
        long count) {

    /** Classes of findings. */
    public enum Kind {
        /** Access outside every allocation, or outside shared or local memory. */
        OUT_OF_BOUNDS,
        /** Address that is no multiple of the access width. */
        MISALIGNED,
        /** Read of memory that nobody wrote. */
        UNINITIALIZED_READ,
        /** Write to constant or parameter memory. */
        READ_ONLY,
        /** Two threads touch the same shared memory, one writes, and nothing orders them. */
        RACE,
        /** Threads of a block do not all reach a barrier. */
        BARRIER_DIVERGENCE,
        /** Lanes named in the mask of a warp-wide instruction do not all reach it. */
        WARP_DIVERGENCE,
        /** No thread of a block can go on. */
        DEADLOCK,
        /** Operand that the instruction does not allow, e.g. a barrier that was not initialised. */
        INVALID_OPERAND,
        /** {@code trap} or a failed device assertion. */
        TRAP,
        /** Asynchronous copies still under way when their thread ended: only a warning. */
        UNFINISHED_COPY;

        /** Whether a kernel with such a finding may still be right. */
        public boolean isWarning() {
            return this == UNFINISHED_COPY;
        }
    }

    /** Where in the grid something happened. */
    record Place(Warp warp, int lane, long address) {
        Grid.Index block() {
            return Grid.Index.of(warp.cta.launch.grid.blocks(), warp.cta.index);
        }

        Grid.Index thread() {
            return Grid.Index.of(warp.cta.launch.grid.threads(), (long) warp.id * Warp.LANES + lane);
        }
    }

    Finding again() {
        return new Finding(kind, kernel, line, instruction, block, thread, address, message, count + 1);
    }

    @Override
    public String toString() {
        return kind + " in " + kernel + " at line " + line + " `" + instruction + "`, block " + block + " thread "
                + thread + ", address 0x" + Long.toHexString(address) + ": " + message
                + (count > 1 ? " (" + count + " times)" : "");
    }
}
