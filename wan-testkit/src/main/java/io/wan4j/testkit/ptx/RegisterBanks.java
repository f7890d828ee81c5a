package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Gives registers and constants their index in the banks of 32-bit, 64-bit and predicate registers. */
final class RegisterBanks {
    private final Map<PtxRegister, Integer> indices = new IdentityHashMap<>();
    private final List<int @Nullable []> ints = new ArrayList<>();
    private final List<long @Nullable []> longs = new ArrayList<>();
    private final Map<Integer, Integer> intConstants = new HashMap<>();
    private final Map<Long, Integer> longConstants = new HashMap<>();
    private final SpecialRegisters specials = new SpecialRegisters();
    private int predicates;

    /** Gives registers that never live at the same time one index. */
    void share(Map<PtxRegister, Integer> places) {
        Map<Integer, Integer> intPlaces = new HashMap<>();
        Map<Integer, Integer> longPlaces = new HashMap<>();
        places.forEach((register, place) -> indices.put(
                register,
                register.type.isWide()
                        ? longPlaces.computeIfAbsent(place, p -> newLong())
                        : intPlaces.computeIfAbsent(place, p -> newInt())));
    }

    int of(PtxRegister register) {
        return indices.computeIfAbsent(register, r -> switch (r.type.bytes) {
            case 0 -> predicates++;
            case 8 -> newLong();
            case 16 -> throw new UnsupportedException("128-bit register " + r.name + " is not simulated");
            default -> newInt();
        });
    }

    int newInt() {
        ints.add(null);
        return ints.size() - 1;
    }

    int newLong() {
        longs.add(null);
        return longs.size() - 1;
    }

    int newPredicate() {
        return predicates++;
    }

    int constant(int value) {
        return intConstants.computeIfAbsent(value, v -> {
            int[] lanes = new int[Warp.LANES];
            Arrays.fill(lanes, v);
            ints.add(lanes);
            return ints.size() - 1;
        });
    }

    int constant(long value) {
        return longConstants.computeIfAbsent(value, v -> {
            long[] lanes = new long[Warp.LANES];
            Arrays.fill(lanes, v);
            longs.add(lanes);
            return longs.size() - 1;
        });
    }

    int special(String name) {
        return specials.intRegister(name, this);
    }

    int specialWide(String name) {
        return specials.longRegister(name, this);
    }

    int ints() {
        return ints.size();
    }

    int longs() {
        return longs.size();
    }

    int predicates() {
        return predicates;
    }

    int[] @Nullable [] intConstants() {
        return ints.toArray(new int[0][]);
    }

    long[] @Nullable [] longConstants() {
        return longs.toArray(new long[0][]);
    }

    SpecialRegisters specials() {
        return specials;
    }
}
