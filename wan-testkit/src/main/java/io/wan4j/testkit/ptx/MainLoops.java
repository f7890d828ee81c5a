package io.wan4j.testkit.ptx;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * The main loops of a program: the innermost loops around matrix products ({@code mma}, {@code wgmma}), and around the
 * bulk copies into shared memory that feed them. A loop is what lies between a backward branch and its target.
 */
final class MainLoops {
    private MainLoops() {}

    /** The positions in {@code code} that belong to a main loop. */
    static BitSet of(Op[] code) {
        Map<Integer, Integer> ends = new HashMap<>();
        for (Op op : code) {
            if (op instanceof ControlOps.Branch branch && branch.target <= op.pc) {
                ends.merge(branch.target, op.pc, Math::max);
            }
        }
        BitSet members = new BitSet(code.length);
        for (Op op : code) {
            if (isWork(op) && !members.get(op.pc)) {
                addInnermost(ends, op.pc, members);
            }
        }
        return members;
    }

    private static boolean isWork(Op op) {
        return op instanceof BulkOps.IntoShared || op.source.opcode().equals("mma") || op.source.has("mma_async");
    }

    private static void addInnermost(Map<Integer, Integer> ends, int pc, BitSet members) {
        ends.entrySet().stream()
                .filter(loop -> loop.getKey() <= pc && pc <= loop.getValue())
                .min((a, b) -> Integer.compare(a.getValue() - a.getKey(), b.getValue() - b.getKey()))
                .ifPresent(loop -> members.set(loop.getKey(), loop.getValue() + 1));
    }
}
