package io.wan4j.testkit.ptx;

import org.jspecify.annotations.Nullable;

/** Finds the family that translates an instruction. */
final class InstructionSet {
    private InstructionSet() {}

    static @Nullable Op translate(Site s) {
        return switch (s.in.opcode()) {
            case "add",
                    "sub",
                    "mul",
                    "mad",
                    "fma",
                    "div",
                    "rem",
                    "abs",
                    "neg",
                    "min",
                    "max",
                    "sad",
                    "addc",
                    "subc",
                    "madc" -> arithmetic(s);
            case "popc", "clz", "bfind", "brev", "bfe", "bfi", "lop3", "shf", "prmt", "dp4a", "dp2a", "bmsk", "szext" ->
                BitOps.translate(s);
            case "and", "or", "xor", "not", "cnot", "shl", "shr" -> LogicOps.translate(s);
            case "rcp", "sqrt", "rsqrt", "sin", "cos", "lg2", "ex2", "tanh", "copysign", "testp" -> special(s);
            case "setp", "set" -> CompareOps.translate(s);
            case "selp", "slct" -> SelectOps.translate(s);
            case "mov", "cvta", "isspacep", "mapa", "getctarank", "createpolicy" -> MoveOps.translate(s);
            case "cvt" -> ConvertOps.translate(s);
            case "ld", "ldu", "st", "prefetch", "prefetchu", "applypriority", "discard" -> MemoryOps.translate(s);
            case "atom", "red" -> AtomicOps.translate(s);
            case "bra", "brx", "exit", "ret", "trap", "brkpt", "nanosleep", "griddepcontrol", "setmaxnreg", "pmevent" ->
                ControlOps.translate(s);
            case "bar", "barrier", "fence", "membar" -> BarrierOps.translate(s);
            case "shfl", "vote", "match", "redux", "activemask", "elect" -> WarpOps.translate(s);
            case "ldmatrix", "stmatrix", "movmatrix" -> MatrixOps.translate(s);
            case "mma" -> MmaOps.translate(s);
            case "cp" -> s.has("bulk") ? BulkOps.translate(s) : AsyncOps.translate(s);
            case "wgmma" -> WgmmaOps.translate(s);
            case "mbarrier" -> MbarrierOps.translate(s);
            default -> null;
        };
    }

    private static @Nullable Op arithmetic(Site s) {
        return switch (s.type()) {
            case F32 -> FloatOps.translate(s);
            case F64, F32X2 -> DoubleOps.translate(s);
            case F16, BF16, F16X2, BF16X2 -> HalfOps.translate(s);
            default -> IntegerOps.translate(s);
        };
    }

    private static @Nullable Op special(Site s) {
        return switch (s.type()) {
            case F64 -> DoubleOps.translate(s);
            case F16, BF16, F16X2, BF16X2 -> HalfOps.translate(s);
            default -> FloatOps.translate(s);
        };
    }
}
