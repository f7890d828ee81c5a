package io.wan4j.testkit.ptx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Lets registers share a place when their lives do not overlap. PTX comes with thousands of registers, each written
 * once; with few places the register file stays in the cache.
 *
 * <p>A life reaches from the first to the last mention, and over every loop it enters or leaves. A register first
 * mentioned as a source, or written under a guard, inside a loop lives through all of the loop.
 */
final class RegisterLifetimes {
    /** Instructions whose first operand is no result. */
    private static final Set<String> WITHOUT_RESULT = Set.of(
            "st",
            "red",
            "bra",
            "brx",
            "bar",
            "barrier",
            "cp",
            "stmatrix",
            "prefetch",
            "prefetchu",
            "wgmma",
            "fence",
            "membar",
            "nanosleep",
            "mbarrier",
            "call",
            "exit",
            "ret",
            "trap",
            "applypriority",
            "discard");

    private static final class Life {
        final PtxRegister register;
        int first;
        int last;
        int place;
        final boolean startsWritten;

        Life(PtxRegister register, int first, boolean startsWritten) {
            this.register = register;
            this.first = first;
            this.last = first;
            this.startsWritten = startsWritten;
        }
    }

    private record Loop(int start, int end) {}

    private final Map<PtxRegister, Life> lives = new IdentityHashMap<>();
    private final List<Loop> loops = new ArrayList<>();

    private RegisterLifetimes() {}

    /** Places of the registers of a function without calls, numbered from 0 in each of the two banks. */
    static Map<PtxRegister, Integer> places(List<PtxInstruction> code) {
        RegisterLifetimes lifetimes = new RegisterLifetimes();
        for (int i = 0; i < code.size(); i++) {
            lifetimes.visit(code.get(i), i);
        }
        while (lifetimes.extend()) {
            // a longer life may enter a further loop
        }
        return lifetimes.assign();
    }

    private void visit(PtxInstruction in, int at) {
        for (PtxOperand operand : in.operands()) {
            if (operand instanceof PtxOperand.Label label) {
                loop(label.target(), at);
            } else if (operand instanceof PtxOperand.Labels labels) {
                labels.targets().forEach(target -> loop(target, at));
            }
        }
        // sources first: an instruction that reads and writes a register needs its old value
        boolean result = !WITHOUT_RESULT.contains(in.opcode());
        for (int i = result ? 1 : 0; i < in.operands().size(); i++) {
            mention(in.operands().get(i), at, false);
        }
        if (in.guard() != null) {
            mention(in.guard(), at, false);
        }
        if (result && !in.operands().isEmpty()) {
            mention(in.operands().get(0), at, in.guard() == null);
        }
    }

    private void loop(int target, int from) {
        if (target <= from) {
            loops.add(new Loop(target, from));
        }
    }

    private void mention(PtxOperand operand, int at, boolean written) {
        if (operand instanceof PtxOperand.Register register) {
            mention(register.register(), at, written);
        } else if (operand instanceof PtxOperand.Pair pair) {
            mention(pair.first(), at, written);
            mention(pair.second(), at, written);
        } else if (operand instanceof PtxOperand.Vector vector) {
            vector.elements().forEach(e -> mention(e, at, written));
        } else if (operand instanceof PtxOperand.Address address) {
            mention(address.base(), at, false);
            if (address.coordinates() != null) {
                mention(address.coordinates(), at, false);
            }
        }
    }

    private void mention(PtxRegister register, int at, boolean written) {
        Life life = lives.computeIfAbsent(register, r -> new Life(r, at, written));
        life.last = at;
    }

    private boolean extend() {
        boolean changed = false;
        for (Loop loop : loops) {
            for (Life life : lives.values()) {
                boolean enters = life.first < loop.start && life.last >= loop.start && life.last < loop.end;
                boolean early = life.first >= loop.start && life.first <= loop.end && !life.startsWritten;
                boolean leaves = life.first >= loop.start && life.first <= loop.end && life.last > loop.end;
                if (enters || early && life.last < loop.end) {
                    life.last = loop.end;
                    changed = true;
                }
                if ((early || leaves) && life.first > loop.start) {
                    life.first = loop.start;
                    changed = true;
                }
            }
        }
        return changed;
    }

    private Map<PtxRegister, Integer> assign() {
        Map<PtxRegister, Integer> places = new IdentityHashMap<>();
        List<Life> sorted = new ArrayList<>(lives.values());
        sorted.sort(Comparator.comparingInt(life -> life.first));
        for (boolean wide : new boolean[] {false, true}) {
            assign(
                    sorted.stream()
                            .filter(l -> l.register.type.bytes > 0 && l.register.type.isWide() == wide)
                            .toList(),
                    places);
        }
        return places;
    }

    private static void assign(List<Life> sorted, Map<PtxRegister, Integer> places) {
        PriorityQueue<Life> active = new PriorityQueue<>(Comparator.comparingInt((Life life) -> life.last));
        Deque<Integer> free = new ArrayDeque<>();
        int next = 0;
        for (Life life : sorted) {
            // a result never takes the place of a source of the same instruction
            while (!active.isEmpty() && active.element().last < life.first) {
                free.push(active.remove().place);
            }
            life.place = free.isEmpty() ? next++ : free.pop();
            places.put(life.register, life.place);
            active.add(life);
        }
    }
}
