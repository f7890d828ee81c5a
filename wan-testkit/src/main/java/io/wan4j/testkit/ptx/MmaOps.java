package io.wan4j.testkit.ptx;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * mma.sync with m = 16 and n = 8.
 *
 * <p>Fragments, with g = lane / 4 and t = lane mod 4 and E elements in a register: register q of A holds row g + 8 (q mod
 * 2), k from E t + 4 E (q / 2); register q of B holds column g, k from E t + 4 E q; C and D hold row g (then g + 8) and
 * columns 2 t and 2 t + 1. Products are exact and accumulate in f32.
 */
final class MmaOps {
    static final int M = 16;
    static final int N = 8;

    private static final Set<String> MODIFIERS = Set.of(
            "sync", "aligned", "row", "col", "m16n8k4", "m16n8k8", "m16n8k16", "m16n8k32", "satfinite", "kind::f8f6f4");

    private MmaOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        String shape = s.in.modifiers().stream()
                .filter(m -> m.startsWith("m16n8k"))
                .findFirst()
                .orElse("");
        List<PtxType> types = s.in.types();
        if (shape.isEmpty() || types.size() != 4) {
            return null;
        }
        int k = Integer.parseInt(shape.substring(6));
        PtxType a = types.get(1);
        PtxType b = types.get(2);
        int perRegister = a.bytes == 4 ? 1 : 4 / a.bytes;
        int[] d = s.vector(0).stream().mapToInt(s::di).toArray();
        Fragments fragments = new Fragments(d, sources(s, 1), sources(s, 2), sources(s, 3), k);
        if (fragments.a().length != M * k / (32 * perRegister) || fragments.b().length != N * k / (32 * perRegister)) {
            return null;
        }
        if (types.get(0) == PtxType.S32) {
            boolean satfinite = s.has("satfinite");
            return isByte(a) && isByte(b) ? apart(s, fragments, f -> new IntegerMma(f, a, b, satfinite)) : null;
        }
        boolean half = types.get(0) == PtxType.F16;
        if (!FloatMma.simulates(a) || !FloatMma.simulates(b) || types.get(0) != types.get(3)) {
            return null;
        }
        return apart(s, fragments, f -> new FloatMma(f, a, b, half));
    }

    private static int[] sources(Site s, int operand) {
        return s.vector(operand).stream().mapToInt(o -> s.i(o, PtxType.B32)).toArray();
    }

    private static boolean isByte(PtxType type) {
        return type == PtxType.S8 || type == PtxType.U8;
    }

    /**
     * Register indices of the operands. Results may be written before all of A and B is read, so {@code d} must not
     * share registers with them.
     */
    record Fragments(int[] d, int[] a, int[] b, int[] c, int k) {}

    /** Computes into fresh registers where the result overwrites a factor. */
    private static Op apart(Site s, Fragments f, Function<Fragments, Op> make) {
        boolean shared = IntStream.of(f.d())
                .anyMatch(d -> IntStream.concat(IntStream.of(f.a()), IntStream.of(f.b()))
                        .anyMatch(x -> x == d));
        if (!shared) {
            return make.apply(f);
        }
        int[] fresh = IntStream.range(0, f.d().length)
                .map(i -> s.translator.banks.newInt())
                .toArray();
        Op inner = make.apply(new Fragments(fresh, f.a(), f.b(), f.c(), f.k()));
        return new Op() {
            @Override
            void run(Warp w) {
                lendPlace(inner);
                inner.run(w);
                if (w.active != 0) {
                    for (int i = 0; i < fresh.length; i++) {
                        System.arraycopy(w.r[fresh[i]], 0, w.r[f.d()[i]], 0, Warp.LANES);
                    }
                }
            }
        };
    }
}
