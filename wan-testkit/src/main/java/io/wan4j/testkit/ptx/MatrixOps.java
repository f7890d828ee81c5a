package io.wan4j.testkit.ptx;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * ldmatrix, stmatrix and movmatrix on 8 x 8 matrices of 16 bits.
 *
 * <p>Lanes 0 to 7 give the row addresses of the first matrix, 8 to 15 of the second, and so on. Lane t holds of each
 * matrix the elements 2 (t mod 4) and its neighbour of row t / 4; with trans, of column t / 4.
 */
final class MatrixOps {
    private static final Set<String> MODIFIERS =
            Set.of("sync", "aligned", "m8n8", "x1", "x2", "x4", "trans", "shared", "shared::cta");

    private MatrixOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        if (!s.has("m8n8") || s.type() != PtxType.B16) {
            return null;
        }
        return switch (s.in.opcode()) {
            case "ldmatrix" -> new LoadMatrix(s);
            case "stmatrix" -> new StoreMatrix(s);
            default -> s.has("trans") ? new MoveMatrix(s.di(0), s.i(s.operand(1), PtxType.B32)) : null;
        };
    }

    /** Position in bytes of the half-word a lane holds: half 0 or 1 of matrix {@code i}, rows of 16 bytes. */
    private static int at(int lane, int half, boolean trans) {
        int row = lane >> 2;
        int column = (lane & 3) * 2 + half;
        return trans ? column * 16 + row * 2 : row * 16 + column * 2;
    }

    private static int[] registers(Site s, int operand, boolean load) {
        List<PtxOperand> operands = s.vector(operand);
        return operands.stream()
                .mapToInt(o -> load ? s.di(o) : s.i(o, PtxType.B32))
                .toArray();
    }

    private static final class LoadMatrix extends AddressedOp {
        private final int[] d;
        private final boolean trans;

        LoadMatrix(Site s) {
            super(s, 1, space(s));
            this.d = registers(s, 0, true);
            this.trans = s.has("trans");
        }

        @Override
        void run(Warp w) {
            if (!w.converged(this, Warp.ALL)) {
                return;
            }
            int mask = w.mask;
            w.mask = d.length == 4 ? Warp.ALL : (1 << 8 * d.length) - 1;
            long[] addresses = addresses(w);
            count(w, addresses, 16);
            byte[] rows = w.cta.scratch.bytes;
            for (int row = 0; row < 8 * d.length; row++) {
                if (resolve(w, row, addresses[row], 16, Use.READ)) {
                    Bytes.putLong(rows, row * 16, Bytes.getLong(w.data, w.at));
                    Bytes.putLong(rows, row * 16 + 8, Bytes.getLong(w.data, w.at + 8));
                }
            }
            w.mask = mask;
            for (int i = 0; i < d.length; i++) {
                int[] to = w.r[d[i]];
                for (int lane = 0; lane < Warp.LANES; lane++) {
                    to[lane] = trans
                            ? Bytes.getShort(rows, i * 128 + at(lane, 0, true))
                                    | Bytes.getShort(rows, i * 128 + at(lane, 1, true)) << 16
                            : Bytes.getInt(rows, i * 128 + lane * 4);
                }
            }
        }
    }

    private static final class StoreMatrix extends AddressedOp {
        private final int[] from;
        private final boolean trans;

        StoreMatrix(Site s) {
            super(s, 0, space(s));
            this.from = registers(s, 1, false);
            this.trans = s.has("trans");
        }

        @Override
        void run(Warp w) {
            if (!w.converged(this, Warp.ALL)) {
                return;
            }
            byte[] rows = w.cta.scratch.bytes;
            for (int i = 0; i < from.length; i++) {
                for (int lane = 0; lane < Warp.LANES; lane++) {
                    int value = w.r[from[i]][lane];
                    Bytes.putShort(rows, i * 128 + at(lane, 0, trans), value);
                    Bytes.putShort(rows, i * 128 + at(lane, 1, trans), value >>> 16);
                }
            }
            int mask = w.mask;
            w.mask = from.length == 4 ? Warp.ALL : (1 << 8 * from.length) - 1;
            long[] addresses = addresses(w);
            count(w, addresses, 16);
            for (int row = 0; row < 8 * from.length; row++) {
                if (resolve(w, row, addresses[row], 16, Use.WRITE)) {
                    Bytes.putLong(w.data, w.at, Bytes.getLong(rows, row * 16));
                    Bytes.putLong(w.data, w.at + 8, Bytes.getLong(rows, row * 16 + 8));
                }
            }
            w.mask = mask;
        }
    }

    private static final class MoveMatrix extends Op {
        private final int d;
        private final int a;

        MoveMatrix(int d, int a) {
            this.d = d;
            this.a = a;
        }

        @Override
        void run(Warp w) {
            if (!w.converged(this, Warp.ALL)) {
                return;
            }
            byte[] matrix = w.cta.scratch.bytes;
            for (int lane = 0; lane < Warp.LANES; lane++) {
                Bytes.putInt(matrix, lane * 4, w.r[a][lane]);
            }
            for (int lane = 0; lane < Warp.LANES; lane++) {
                w.r[d][lane] =
                        Bytes.getShort(matrix, at(lane, 0, true)) | Bytes.getShort(matrix, at(lane, 1, true)) << 16;
            }
        }
    }
}
