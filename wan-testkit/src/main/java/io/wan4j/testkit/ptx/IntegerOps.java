package io.wan4j.testkit.ptx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Integer arithmetic. 16-bit values are kept zero-extended. */
final class IntegerOps {
    private static final Set<String> MODIFIERS = Set.of("lo", "hi", "wide", "sat", "cc");

    private IntegerOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        if (s.has("cc") || s.in.opcode().endsWith("c") && s.in.opcode().length() == 4) {
            return CarryOps.translate(s);
        }
        if (s.has("sat")) {
            return saturated(s);
        }
        return switch (s.in.opcode()) {
            case "mul" -> multiply(s);
            case "mad" -> multiplyAdd(s);
            default ->
                switch (s.type().bytes) {
                    case 2 -> shorts(s);
                    case 4 -> ints(s);
                    case 8 -> longs(s);
                    default -> null;
                };
        };
    }

    private static @Nullable Op ints(Site s) {
        boolean signed = s.type().isSigned();
        return switch (s.in.opcode()) {
            case "add" -> Lanes.i2(s, (a, b) -> a + b);
            case "sub" -> Lanes.i2(s, (a, b) -> a - b);
            case "div" ->
                signed
                        ? Lanes.i2(s, (a, b) -> b == 0 ? -1 : a / b)
                        : Lanes.i2(s, (a, b) -> b == 0 ? -1 : Integer.divideUnsigned(a, b));
            case "rem" ->
                signed
                        ? Lanes.i2(s, (a, b) -> b == 0 ? a : a % b)
                        : Lanes.i2(s, (a, b) -> b == 0 ? a : Integer.remainderUnsigned(a, b));
            case "abs" -> Lanes.i1(s, a -> a < 0 ? -a : a);
            case "neg" -> Lanes.i1(s, a -> -a);
            case "min" ->
                signed
                        ? Lanes.i2(s, Math::min)
                        : Lanes.i2(s, (a, b) -> a + Integer.MIN_VALUE < b + Integer.MIN_VALUE ? a : b);
            case "max" ->
                signed
                        ? Lanes.i2(s, Math::max)
                        : Lanes.i2(s, (a, b) -> a + Integer.MIN_VALUE < b + Integer.MIN_VALUE ? b : a);
            case "sad" ->
                signed
                        ? Lanes.i3(s, (a, b, c) -> c + (a < b ? b - a : a - b))
                        : Lanes.i3(s, (a, b, c) -> c + (Integer.compareUnsigned(a, b) < 0 ? b - a : a - b));
            default -> null;
        };
    }

    private static @Nullable Op longs(Site s) {
        boolean signed = s.type().isSigned();
        return switch (s.in.opcode()) {
            case "add" -> Lanes.l2(s, (a, b) -> a + b);
            case "sub" -> Lanes.l2(s, (a, b) -> a - b);
            case "div" ->
                signed
                        ? Lanes.l2(s, (a, b) -> b == 0 ? -1 : a / b)
                        : Lanes.l2(s, (a, b) -> b == 0 ? -1 : Long.divideUnsigned(a, b));
            case "rem" ->
                signed
                        ? Lanes.l2(s, (a, b) -> b == 0 ? a : a % b)
                        : Lanes.l2(s, (a, b) -> b == 0 ? a : Long.remainderUnsigned(a, b));
            case "abs" -> Lanes.l1(s, a -> a < 0 ? -a : a);
            case "neg" -> Lanes.l1(s, a -> -a);
            case "min" ->
                signed ? Lanes.l2(s, Math::min) : Lanes.l2(s, (a, b) -> Long.compareUnsigned(a, b) < 0 ? a : b);
            case "max" ->
                signed ? Lanes.l2(s, Math::max) : Lanes.l2(s, (a, b) -> Long.compareUnsigned(a, b) < 0 ? b : a);
            default -> null;
        };
    }

    private static @Nullable Op shorts(Site s) {
        boolean signed = s.type().isSigned();
        return switch (s.in.opcode()) {
            case "add" -> Lanes.i2(s, (a, b) -> (a + b) & 0xffff);
            case "sub" -> Lanes.i2(s, (a, b) -> (a - b) & 0xffff);
            case "div" ->
                signed
                        ? Lanes.i2(s, (a, b) -> (b == 0 ? -1 : (short) a / (short) b) & 0xffff)
                        : Lanes.i2(s, (a, b) -> b == 0 ? 0xffff : a / b);
            case "rem" ->
                signed
                        ? Lanes.i2(s, (a, b) -> (b == 0 ? a : (short) a % (short) b) & 0xffff)
                        : Lanes.i2(s, (a, b) -> b == 0 ? a : a % b);
            case "abs" -> Lanes.i1(s, a -> Math.abs((short) a) & 0xffff);
            case "neg" -> Lanes.i1(s, a -> -a & 0xffff);
            case "min" ->
                signed ? Lanes.i2(s, (a, b) -> (short) a < (short) b ? a : b) : Lanes.i2(s, (a, b) -> Math.min(a, b));
            case "max" ->
                signed ? Lanes.i2(s, (a, b) -> (short) a > (short) b ? a : b) : Lanes.i2(s, (a, b) -> Math.max(a, b));
            default -> null;
        };
    }

    private static @Nullable Op multiply(Site s) {
        boolean signed = s.type().isSigned();
        int bytes = s.type().bytes;
        if (s.has("wide")) {
            if (bytes == 4) {
                return signed
                        ? Lanes.wideProduct(s, (a, b) -> (long) a * b)
                        : Lanes.wideProduct(s, (a, b) -> (a & 0xffffffffL) * (b & 0xffffffffL));
            }
            return signed ? Lanes.i2(s, (a, b) -> (short) a * (short) b) : Lanes.i2(s, (a, b) -> a * b);
        }
        if (s.has("hi")) {
            return switch (bytes) {
                case 8 -> signed ? Lanes.l2(s, Math::multiplyHigh) : Lanes.l2(s, IntegerOps::multiplyHighUnsigned);
                case 4 ->
                    signed
                            ? Lanes.i2(s, (a, b) -> (int) ((long) a * b >> 32))
                            : Lanes.i2(s, (a, b) -> (int) ((a & 0xffffffffL) * (b & 0xffffffffL) >>> 32));
                default ->
                    signed
                            ? Lanes.i2(s, (a, b) -> (short) a * (short) b >> 16 & 0xffff)
                            : Lanes.i2(s, (a, b) -> a * b >>> 16);
            };
        }
        return switch (bytes) {
            case 8 -> Lanes.l2(s, (a, b) -> a * b);
            case 4 -> Lanes.i2(s, (a, b) -> a * b);
            default -> Lanes.i2(s, (a, b) -> a * b & 0xffff);
        };
    }

    private static @Nullable Op multiplyAdd(Site s) {
        boolean signed = s.type().isSigned();
        int bytes = s.type().bytes;
        if (s.has("wide")) {
            if (bytes == 4) {
                return signed
                        ? Lanes.wideSum(s, (a, b, c) -> (long) a * b + c)
                        : Lanes.wideSum(s, (a, b, c) -> (a & 0xffffffffL) * (b & 0xffffffffL) + c);
            }
            return signed ? Lanes.i3(s, (a, b, c) -> (short) a * (short) b + c) : Lanes.i3(s, (a, b, c) -> a * b + c);
        }
        if (s.has("hi")) {
            return switch (bytes) {
                case 8 ->
                    signed
                            ? Lanes.l3(s, (a, b, c) -> Math.multiplyHigh(a, b) + c)
                            : Lanes.l3(s, (a, b, c) -> multiplyHighUnsigned(a, b) + c);
                case 4 ->
                    signed
                            ? Lanes.i3(s, (a, b, c) -> (int) ((long) a * b >> 32) + c)
                            : Lanes.i3(s, (a, b, c) -> (int) ((a & 0xffffffffL) * (b & 0xffffffffL) >>> 32) + c);
                default -> null;
            };
        }
        return switch (bytes) {
            case 8 -> Lanes.l3(s, (a, b, c) -> a * b + c);
            case 4 -> Lanes.i3(s, (a, b, c) -> a * b + c);
            default -> Lanes.i3(s, (a, b, c) -> a * b + c & 0xffff);
        };
    }

    static long multiplyHighUnsigned(long a, long b) {
        return Math.multiplyHigh(a, b) + (a >> 63 & b) + (b >> 63 & a);
    }

    private static @Nullable Op saturated(Site s) {
        if (s.type() != PtxType.S32) {
            return null;
        }
        return switch (s.in.opcode()) {
            case "add" -> Lanes.i2(s, (a, b) -> clamp((long) a + b));
            case "sub" -> Lanes.i2(s, (a, b) -> clamp((long) a - b));
            case "mad" -> s.has("hi") ? Lanes.i3(s, (a, b, c) -> clamp(((long) a * b >> 32) + c)) : null;
            default -> null;
        };
    }

    private static int clamp(long value) {
        return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, value));
    }
}
