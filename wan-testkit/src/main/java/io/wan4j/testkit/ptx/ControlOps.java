package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import java.util.List;
import java.util.Set;

/** Branches, exits and instructions without effect on values. */
final class ControlOps {
    private ControlOps() {}

    static Op translate(Site s) {
        return switch (s.in.opcode()) {
            case "bra" -> {
                s.allow(Set.of("uni"));
                if (!(s.operand(0) instanceof PtxOperand.Label label)) {
                    throw new UnsupportedException("unknown label");
                }
                yield s.branch(label.target());
            }
            case "brx" -> indirect(s);
            case "exit", "ret" -> new Exit();
            case "trap" -> new Trap("trap");
            case "brkpt" -> new Nothing();
            case "nanosleep" -> new Sleep();
            case "griddepcontrol" -> new Nothing();
            case "setmaxnreg", "pmevent" -> new Nothing();
            default -> throw s.unsupported();
        };
    }

    static Op builtin(String function) {
        return switch (function) {
            case "__assertfail", "__assert_fail" -> new Trap("device assertion failed");
            case "vprintf" -> new Nothing();
            default -> throw new UnsupportedException("call of " + function + ", which is not in the module");
        };
    }

    private static Op indirect(Site s) {
        s.allow(Set.of("idx", "uni"));
        int selector = s.i(s.operand(0), PtxType.U32);
        if (!(s.operand(1) instanceof PtxOperand.Labels labels)) {
            throw new UnsupportedException("brx.idx without a list of labels");
        }
        List<Integer> local = labels.targets();
        int[] targets = new int[local.size()];
        int[] positions = s.positions();
        s.translator.later(() -> java.util.Arrays.setAll(targets, i -> positions[local.get(i)]));
        return new Op() {
            @Override
            void run(Warp w) {
                w.jump(targets, w.r[selector]);
            }
        };
    }

    static final class Branch extends Op {
        int target;

        @Override
        void run(Warp w) {
            w.jump(target);
        }
    }

    static final class Exit extends Op {
        @Override
        void run(Warp w) {
            if (w.copies.unfinished(w.mask)) {
                var place = new Finding.Place(w, Integer.numberOfTrailingZeros(w.mask), 0);
                w.cta.launch.findings.add(
                        Finding.Kind.UNFINISHED_COPY, this, place, "cp.async copies that nobody waited for");
            }
            w.exit();
        }
    }

    static final class Trap extends Op {
        private final String why;

        Trap(String why) {
            this.why = why;
        }

        @Override
        void run(Warp w) {
            var place = new Finding.Place(w, Integer.numberOfTrailingZeros(w.mask), 0);
            w.cta.launch.findings.add(Finding.Kind.TRAP, this, place, why);
            w.exit();
        }
    }

    static final class Nothing extends Op {
        @Override
        void run(Warp w) {}
    }

    private static final class Sleep extends Op {
        @Override
        void run(Warp w) {
            w.yieldNext();
        }
    }
}
