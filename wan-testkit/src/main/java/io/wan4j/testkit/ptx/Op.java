package io.wan4j.testkit.ptx;

/** One translated instruction: works on all lanes of a warp in one call. */
abstract class Op {
    /** Index of the predicate register that guards it, -1 for none. */
    int guard = -1;

    /** All ones if the guard is negated. */
    int guardFlip;

    /** Index in the program. */
    int pc;

    /** Index in the counts of memory traffic. */
    int site;

    PtxInstruction source = NONE;

    static final PtxInstruction NONE =
            new PtxInstruction(0, "", null, false, "", java.util.List.of(), java.util.List.of());

    /** Lets findings and counts of a part stand for the whole instruction. */
    final void lendPlace(Op part) {
        part.pc = pc;
        part.site = site;
        part.source = source;
    }

    /** Whether it moves data through shared or global memory and has counts of its own. */
    boolean isCounted() {
        return false;
    }

    /** Executes for the lanes in {@code warp.mask}, which is not zero. {@code warp.pc} is already the next instruction. */
    abstract void run(Warp warp);
}
