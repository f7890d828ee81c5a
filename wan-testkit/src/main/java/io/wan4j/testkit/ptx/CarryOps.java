package io.wan4j.testkit.ptx;

import org.jspecify.annotations.Nullable;

/** Additions and subtractions that set or take the carry flag of each lane. */
final class CarryOps {
    private CarryOps() {}

    static @Nullable Op translate(Site s) {
        String name = s.in.opcode();
        boolean takes = name.length() == 4;
        String base = takes ? name.substring(0, 3) : name;
        boolean high = s.has("hi");
        boolean sets = s.has("cc");
        if (s.type().bytes == 8) {
            return base.equals("mad") ? null : new Wide(s, base.equals("sub"), takes, sets);
        }
        if (s.type().bytes != 4) {
            return null;
        }
        boolean signed = s.type().isSigned();
        return new Op() {
            private final int d = s.di(0);
            private final int a = s.i(1);
            private final int b = s.i(2);
            private final int c = base.equals("mad") ? s.i(3) : 0;

            @Override
            void run(Warp w) {
                int carries = w.carry;
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int lane = Integer.numberOfTrailingZeros(m);
                    long in = takes ? carries >>> lane & 1 : 0;
                    long x = w.r[a][lane] & 0xffffffffL;
                    long y = w.r[b][lane] & 0xffffffffL;
                    if (base.equals("mad")) {
                        long product = signed ? (long) (int) x * (int) y : x * y;
                        x = (high ? product >>> 32 : product) & 0xffffffffL;
                        y = w.r[c][lane] & 0xffffffffL;
                    }
                    long sum = base.equals("sub") ? x - y - in : x + y + in;
                    w.r[d][lane] = (int) sum;
                    if (sets) {
                        w.carry = w.carry & ~(1 << lane) | (int) (sum >>> 32 & 1) << lane;
                    }
                }
            }
        };
    }

    private static final class Wide extends Op {
        private final int d;
        private final int a;
        private final int b;
        private final boolean subtract;
        private final boolean takes;
        private final boolean sets;

        Wide(Site s, boolean subtract, boolean takes, boolean sets) {
            this.d = s.dl(0);
            this.a = s.l(1);
            this.b = s.l(2);
            this.subtract = subtract;
            this.takes = takes;
            this.sets = sets;
        }

        @Override
        void run(Warp w) {
            int carries = w.carry;
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                long in = takes ? carries >>> lane & 1 : 0;
                long x = w.l[a][lane];
                long y = w.l[b][lane];
                long sum = subtract ? x - y - in : x + y + in;
                int c = Long.compareUnsigned(subtract ? x : sum, subtract ? y : x);
                boolean out = c < 0 || c == 0 && in != 0;
                w.l[d][lane] = sum;
                if (sets) {
                    w.carry = w.carry & ~(1 << lane) | (out ? 1 : 0) << lane;
                }
            }
        }
    }
}
