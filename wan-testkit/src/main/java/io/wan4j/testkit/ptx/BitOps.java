package io.wan4j.testkit.ptx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Bit fields, counts, permutations and byte dot products. */
final class BitOps {
    private static final Set<String> MODIFIERS =
            Set.of("shiftamt", "l", "r", "wrap", "clamp", "lo", "hi", "f4e", "b4e", "rc8", "ecl", "ecr", "rc16");

    private BitOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        boolean wide = s.type().bytes == 8;
        boolean signed = s.type().isSigned();
        return switch (s.in.opcode()) {
            case "popc" -> wide ? Lanes.narrow(Long::bitCount, s.di(0), s.l(1)) : Lanes.i1(s, Integer::bitCount);
            case "clz" ->
                wide
                        ? Lanes.narrow(Long::numberOfLeadingZeros, s.di(0), s.l(1))
                        : Lanes.i1(s, Integer::numberOfLeadingZeros);
            case "brev" -> wide ? Lanes.l1(s, Long::reverse) : Lanes.i1(s, Integer::reverse);
            case "bfind" -> find(s, wide, signed, s.has("shiftamt"));
            case "bfe" -> extract(s, wide, signed);
            case "bfi" -> insert(s, wide);
            case "lop3" -> lop3(s);
            case "shf" -> funnel(s);
            case "prmt" -> permute(s);
            case "dp4a" -> dot4(s);
            case "dp2a" -> dot2(s);
            case "bmsk" ->
                s.has("wrap")
                        ? Lanes.i2(s, (a, b) -> mask(b & 31) << (a & 31))
                        : Lanes.i2(s, (a, b) -> (a & ~31) != 0 ? 0 : mask(b) << a);
            case "szext" -> extend(s, signed, s.has("wrap"));
            default -> null;
        };
    }

    private static int mask(int width) {
        return (width & ~31) != 0 ? -1 : (1 << width) - 1;
    }

    private static Op extend(Site s, boolean signed, boolean wrap) {
        return Lanes.i2(s, (a, b) -> {
            int n = wrap ? b & 31 : Integer.compareUnsigned(b, 32) > 0 ? 32 : b;
            if (n == 0 || n == 32) {
                return n == 0 ? 0 : a;
            }
            return signed ? a << 32 - n >> 32 - n : a & mask(n);
        });
    }

    private static Op find(Site s, boolean wide, boolean signed, boolean amount) {
        if (wide) {
            return Lanes.narrow(
                    a -> {
                        int at = 63 - Long.numberOfLeadingZeros(signed && a < 0 ? ~a : a);
                        return at < 0 || !amount ? at : 63 - at;
                    },
                    s.di(0),
                    s.l(1));
        }
        return Lanes.i1(s, a -> {
            int at = 31 - Integer.numberOfLeadingZeros(signed && a < 0 ? ~a : a);
            return at < 0 || !amount ? at : 31 - at;
        });
    }

    private static Op extract(Site s, boolean wide, boolean signed) {
        int from = s.i(s.operand(2), PtxType.U32);
        int count = s.i(s.operand(3), PtxType.U32);
        if (!wide) {
            return Lanes.i3(
                    (a, b, c) -> (int) field(signed ? a : a & 0xffffffffL, b, c, 32, signed),
                    s.di(0),
                    s.i(1),
                    from,
                    count);
        }
        return new Op() {
            private final int d = s.dl(0);
            private final int a = s.l(1);

            @Override
            void run(Warp w) {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int lane = Integer.numberOfTrailingZeros(m);
                    w.l[d][lane] = field(w.l[a][lane], w.r[from][lane], w.r[count][lane], 64, signed);
                }
            }
        };
    }

    /** PTX bfe: the field is extended with the sign bit at its top, which is that of the value where the field passes its end. */
    private static long field(long value, int from, int count, int bits, boolean signed) {
        int pos = from & 0xff;
        int len = count & 0xff;
        if (len == 0) {
            return 0;
        }
        int sign = signed ? (int) (value >> Math.min(pos + len - 1, bits - 1) & 1) : 0;
        long field = pos >= 64 ? 0 : value >>> pos;
        int valid = Math.max(0, Math.min(len, bits - pos));
        long keep = valid >= 64 ? -1 : (1L << valid) - 1;
        return field & keep | (sign != 0 ? ~keep : 0);
    }

    private static Op insert(Site s, boolean wide) {
        int from = s.i(s.operand(3), PtxType.U32);
        int count = s.i(s.operand(4), PtxType.U32);
        if (!wide) {
            return Lanes.i4(
                    (a, b, c, d) -> {
                        int mask = fieldMask32(c & 0xff, d & 0xff);
                        return b & ~mask | a << c & mask;
                    },
                    s.di(0),
                    s.i(1),
                    s.i(2),
                    from,
                    count);
        }
        return new Op() {
            private final int d = s.dl(0);
            private final int a = s.l(1);
            private final int b = s.l(2);

            @Override
            void run(Warp w) {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int lane = Integer.numberOfTrailingZeros(m);
                    int pos = w.r[from][lane] & 0xff;
                    int len = w.r[count][lane] & 0xff;
                    long ones = pos >= 64 ? 0 : (len >= 64 ? -1L : (1L << len) - 1) << pos;
                    w.l[d][lane] = w.l[b][lane] & ~ones | w.l[a][lane] << pos & ones;
                }
            }
        };
    }

    private static int fieldMask32(int pos, int len) {
        return pos >= 32 ? 0 : mask(len) << pos;
    }

    private static Op lop3(Site s) {
        int table = (int) s.immediate(4);
        if (s.operands() > 5) {
            throw s.unsupported();
        }
        return switch (table) {
            case 0x80 -> Lanes.i3(s, (a, b, c) -> a & b & c);
            case 0xfe -> Lanes.i3(s, (a, b, c) -> a | b | c);
            case 0x96 -> Lanes.i3(s, (a, b, c) -> a ^ b ^ c);
            case 0xea -> Lanes.i3(s, (a, b, c) -> a & b | c);
            case 0xf8 -> Lanes.i3(s, (a, b, c) -> a | b & c);
            case 0x6a -> Lanes.i3(s, (a, b, c) -> a & b ^ c);
            case 0x78 -> Lanes.i3(s, (a, b, c) -> a ^ b & c);
            case 0xca -> Lanes.i3(s, (a, b, c) -> a & b | ~a & c);
            default ->
                Lanes.i3(s, (a, b, c) -> {
                    int r = 0;
                    for (int i = 0; i < 8; i++) {
                        int term = ((i & 4) != 0 ? a : ~a) & ((i & 2) != 0 ? b : ~b) & ((i & 1) != 0 ? c : ~c);
                        r |= (table >> i & 1) != 0 ? term : 0;
                    }
                    return r;
                });
        };
    }

    private static Op funnel(Site s) {
        boolean wrap = s.has("wrap");
        if (s.has("l")) {
            return Lanes.i3(s, (a, b, c) -> {
                int n = wrap ? c & 31 : Integer.compareUnsigned(c, 32) > 0 ? 32 : c;
                return (int) (((long) b << 32 | a & 0xffffffffL) << n >>> 32);
            });
        }
        return Lanes.i3(s, (a, b, c) -> {
            int n = wrap ? c & 31 : Integer.compareUnsigned(c, 32) > 0 ? 32 : c;
            return (int) (((long) b << 32 | a & 0xffffffffL) >>> n);
        });
    }

    private static Op permute(Site s) {
        String mode = s.in.modifiers().get(s.in.modifiers().size() - 1);
        if (mode.equals("b32")) {
            return Lanes.i3(s, (a, b, c) -> {
                long bytes = (long) b << 32 | a & 0xffffffffL;
                int r = 0;
                for (int i = 0; i < 4; i++) {
                    int select = c >> 4 * i & 15;
                    int value = (int) (bytes >>> 8 * (select & 7)) & 0xff;
                    value = (select & 8) != 0 ? ((value & 0x80) != 0 ? 0xff : 0) : value;
                    r |= value << 8 * i;
                }
                return r;
            });
        }
        return Lanes.i3(s, (a, b, c) -> {
            long bytes = (long) b << 32 | a & 0xffffffffL;
            int r = 0;
            for (int i = 0; i < 4; i++) {
                r |= ((int) (bytes >>> 8 * source(mode, c & 3, i)) & 0xff) << 8 * i;
            }
            return r;
        });
    }

    private static int source(String mode, int control, int i) {
        return switch (mode) {
            case "f4e" -> control + i;
            case "b4e" -> control - i & 7;
            case "rc8" -> control;
            case "ecl" -> Math.max(control, i);
            case "ecr" -> Math.min(control, i);
            default -> (control & 1) * 2 + (i & 1);
        };
    }

    private static Op dot4(Site s) {
        var types = s.in.types();
        boolean aSigned = types.get(0).isSigned();
        boolean bSigned = types.get(1).isSigned();
        return Lanes.i3(s, (a, b, c) -> {
            int sum = c;
            for (int i = 0; i < 32; i += 8) {
                sum += (aSigned ? (byte) (a >> i) : a >> i & 0xff) * (bSigned ? (byte) (b >> i) : b >> i & 0xff);
            }
            return sum;
        });
    }

    private static Op dot2(Site s) {
        var types = s.in.types();
        boolean aSigned = types.get(0).isSigned();
        boolean bSigned = types.get(1).isSigned();
        int first = s.has("hi") ? 16 : 0;
        return Lanes.i3(s, (a, b, c) -> {
            int sum = c;
            for (int i = 0; i < 2; i++) {
                int x = aSigned ? (short) (a >> 16 * i) : a >> 16 * i & 0xffff;
                int y = b >> first + 8 * i;
                sum += x * (bSigned ? (byte) y : y & 0xff);
            }
            return sum;
        });
    }
}
