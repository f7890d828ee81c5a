package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * cp.async.bulk.tensor in tile mode. A box lies in shared memory with its first dimension contiguous; the swizzle acts on
 * the bits of the shared address.
 */
final class TensorCopyOps {
    private static final int SHARED_ALIGN = 128;

    private TensorCopyOps() {}

    /** The tensor operand {@code [map, {x, y, ...}]}. */
    private static final class Tensor extends AddressedOp {
        private final int[] coordinates;
        private @Nullable Known known;

        Tensor(Site s, int operand) {
            super(s, operand, StateSpace.GENERIC);
            PtxOperand.Vector vector = ((PtxOperand.Address) s.operand(operand)).coordinates();
            if (vector == null) {
                throw new UnsupportedException("tensor operand without coordinates");
            }
            List<PtxOperand> elements = vector.elements();
            this.coordinates =
                    elements.stream().mapToInt(o -> s.i(o, PtxType.S32)).toArray();
        }

        @Override
        void run(Warp w) {
            throw new IllegalStateException("part of a tensor copy");
        }

        @Nullable
        TensorMap map(Warp w, int lane) {
            long address = addresses(w)[lane];
            if (address % 64 != 0) {
                report(w, lane, address, Finding.Kind.MISALIGNED, "a tensor map must be aligned to 64 bytes");
                return null;
            }
            byte[] bytes = new byte[128];
            for (int i = 0; i < 128; i += 16) {
                if (!resolve(w, lane, address + i, 16, Use.READ)) {
                    return null;
                }
                System.arraycopy(w.data, w.at, bytes, i, 16);
            }
            Known last = known;
            if (last != null && Arrays.equals(bytes, last.bytes())) {
                return last.map();
            }
            try {
                TensorMap map = TensorMap.decode(bytes);
                if (map.extents().length != coordinates.length) {
                    report(w, lane, address, Finding.Kind.INVALID_OPERAND, "the tensor map has another rank");
                    return null;
                }
                known = new Known(bytes, map);
                return map;
            } catch (IllegalArgumentException e) {
                report(w, lane, address, Finding.Kind.INVALID_OPERAND, String.valueOf(e.getMessage()));
                return null;
            }
        }

        /** Calls back for each row of the box: its global address or -1 if outside, and the valid elements of it. */
        void rows(Warp w, int lane, TensorMap map, Row row) {
            int rank = coordinates.length;
            int[] index = new int[rank];
            int rows = Arrays.stream(map.box()).skip(1).reduce(1, (a, b) -> a * b);
            for (int i = 0; i < rows; i++) {
                long address = map.address();
                boolean inside = true;
                for (int d = 1; d < rank; d++) {
                    long at = (long) w.r[coordinates[d]][lane] + index[d];
                    inside &= at >= 0 && at < map.extents()[d];
                    address += at * map.strides()[d - 1];
                }
                row.at(i, inside ? address : -1, w.r[coordinates[0]][lane]);
                for (int d = 1; d < rank && ++index[d] == map.box()[d]; d++) {
                    index[d] = 0;
                }
            }
        }
    }

    private static void count(Op op, Tensor tensor, Warp w, int lane, TensorMap map) {
        Counters counters = w.cta.counters;
        counters.bulk(op.site);
        int e = map.elementBytes();
        tensor.rows(w, lane, map, (row, address, first) -> {
            long from = Math.max(0, first);
            long to = Math.min(first + map.box()[0], map.extents()[0]);
            if (address >= 0 && from < to) {
                counters.row(op.site, address + from * e, (to - from) * e);
            }
        });
    }

    /** The last descriptor, decoded; one reference, as several threads share the op. */
    private record Known(byte[] bytes, TensorMap map) {}

    private interface Row {
        void at(int index, long address, long first);
    }

    static final class Load extends BulkOps.IntoShared {
        private final Tensor tensor;

        Load(Site s) {
            super(s, 2);
            this.tensor = new Tensor(s, 1);
        }

        @Override
        int size(Warp w, int lane) {
            lendPlace(tensor);
            TensorMap map = tensor.map(w, lane);
            return map == null ? 0 : map.boxBytes();
        }

        @Override
        void count(Warp w, int lane, int size) {
            TensorMap map = tensor.map(w, lane);
            if (map != null) {
                TensorCopyOps.count(this, tensor, w, lane, map);
            }
        }

        @Override
        void copy(Warp w, int lane, Cta cta, int at) {
            TensorMap map = tensor.map(w, lane);
            if (map == null || !aligned(tensor, w, lane, at)) {
                return;
            }
            int e = map.elementBytes();
            int width = map.box()[0];
            byte[] fill = fill(map);
            byte[] shared = cta.shared.data;
            tensor.rows(w, lane, map, (row, address, first) -> {
                int start = at + SharedMemory.BASE + row * width * e;
                for (int i = 0; i < width; i++) {
                    int to = map.swizzle().apply(start + i * e) - SharedMemory.BASE;
                    long x = first + i;
                    boolean inside = address >= 0 && x >= 0 && x < map.extents()[0];
                    if (inside && tensor.resolveGlobal(w, lane, address + x * e, e, AddressedOp.Use.READ)) {
                        System.arraycopy(w.data, w.at, shared, to, e);
                    } else {
                        System.arraycopy(fill, 0, shared, to, e);
                    }
                }
            });
        }

        /** Zero, or the all-ones NaN. */
        private static byte[] fill(TensorMap map) {
            byte[] bytes = new byte[map.elementBytes()];
            if (map.nanFill()) {
                Arrays.fill(bytes, (byte) 0xff);
                bytes[bytes.length - 1] = 0x7f;
            }
            return bytes;
        }
    }

    private static boolean aligned(Tensor tensor, Warp w, int lane, int at) {
        if ((at + SharedMemory.BASE) % SHARED_ALIGN != 0) {
            tensor.report(
                    w,
                    lane,
                    at + SharedMemory.BASE,
                    Finding.Kind.MISALIGNED,
                    "the box must be aligned to 128 bytes of shared memory");
            return false;
        }
        return true;
    }

    static final class Store extends Op {
        private final Tensor tensor;
        private final SharedRange from;

        Store(Site s) {
            this.tensor = new Tensor(s, 0);
            this.from = new SharedRange(s, 1);
        }

        @Override
        boolean isCounted() {
            return true;
        }

        @Override
        void run(Warp w) {
            lendPlace(tensor);
            lendPlace(from);
            long[] sources = new long[Warp.LANES];
            from.fill(w, sources);
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                TensorMap map = tensor.map(w, lane);
                int at = map == null ? -1 : from.offset(w, lane, sources[lane], map.boxBytes(), w.cta);
                if (map == null || at < 0 || !aligned(tensor, w, lane, at)) {
                    continue;
                }
                w.cta.shared.shadow.readAsync(w, lane, at, map.boxBytes(), this);
                w.bulkReads.add(at, map.boxBytes(), lane, this);
                if (w.cta.launch.options.counts()) {
                    count(this, tensor, w, lane, map);
                }
                store(w, lane, map, at);
            }
        }

        private void store(Warp w, int lane, TensorMap map, int at) {
            int e = map.elementBytes();
            int width = map.box()[0];
            byte[] shared = w.cta.shared.data;
            tensor.rows(w, lane, map, (row, address, first) -> {
                int start = at + SharedMemory.BASE + row * width * e;
                for (int i = 0; i < width; i++) {
                    long x = first + i;
                    boolean inside = address >= 0 && x >= 0 && x < map.extents()[0];
                    if (inside && tensor.resolveGlobal(w, lane, address + x * e, e, AddressedOp.Use.WRITE)) {
                        int source = map.swizzle().apply(start + i * e) - SharedMemory.BASE;
                        System.arraycopy(shared, source, w.data, w.at, e);
                    }
                }
            });
        }
    }
}
