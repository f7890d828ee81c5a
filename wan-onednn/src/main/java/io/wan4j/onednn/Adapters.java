package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.spi.Linear;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The low-rank side branches of a layer for one region of rows: {@code A x} is computed before the tiles, {@code B} in
 * each tile. All in F32, so that the branches stay exact beside a quantised weight.
 *
 * @param branches for each branch its products [rows, rank], with the strength included
 * @param firstRow row of the whole input that stands first
 */
record Adapters(List<Branch> branches, long firstRow) {
    /** {@code strength A x} [rows, rank] in a Java array and B as given. */
    record Branch(float[] down, int rank, Linear.LowRank adapter) {}

    static Adapters prepare(Workers workers, LeftOperands lefts, Tensor x, Linear layer, long from, long to) {
        List<Branch> branches = new ArrayList<>();
        if (!layer.adapters().isEmpty()) {
            long input = lefts.asFloats(x, from, to);
            for (Linear.LowRank adapter : layer.adapters()) {
                branches.add(branch(workers, input, adapter, layer.in(), to - from));
            }
        }
        return new Adapters(branches, from);
    }

    private static Branch branch(Workers workers, long input, Linear.LowRank adapter, long in, long rows) {
        int rank = Math.toIntExact(adapter.down().shape().dim(0));
        float[] products = new float[Math.toIntExact(rows * rank)];
        int step = 128;
        workers.run(Math.toIntExact((rows + step - 1) / step), (worker, piece) -> {
            long start = (long) piece * step;
            int here = (int) Math.min(step, rows - start);
            long right = floats(worker, adapter.down(), 0, rank);
            long result = worker.nativeScratch(Worker.Piece.RESULT, (long) here * rank * Float.BYTES);
            worker.matmul(spec(here, rank, in, rank), input + start * in * Float.BYTES, right, result);
            int at = Math.toIntExact(start * rank);
            new View(result, (long) here * rank, Format.F32).getFloats(0, products, at, here * rank);
            worker.lanes().scale(products, at, here * rank, adapter.strength());
        });
        return new Branch(products, rank, adapter);
    }

    private static MatmulSpec spec(long rows, long columns, long inner, long stride) {
        return new MatmulSpec(
                rows,
                columns,
                inner,
                new MatmulSpec.Types(dnnl_f32, dnnl_f32, dnnl_f32),
                inner,
                stride,
                new MatmulSpec.Right(MatmulSpec.Right.Kind.TRANSPOSED, inner),
                MatmulSpec.Fusion.NONE);
    }

    /** Rows of a small matrix as F32 in native memory. */
    private static long floats(Worker worker, Tensor matrix, long from, long rows) {
        long columns = matrix.shape().columns();
        if (matrix.format() == Format.F32) {
            return NativeStorage.address(matrix) + from * columns * Float.BYTES;
        }
        int count = Math.toIntExact(rows * columns);
        long address = worker.nativeScratch(Worker.Piece.RIGHT, (long) count * Float.BYTES);
        float[] values = worker.floats(2, count);
        new View(matrix).read(from * columns, values, 0, count, worker.lanes(), worker.halves(count));
        new View(address, count, Format.F32).putFloats(0, values, 0, count);
        return address;
    }

    boolean isEmpty() {
        return branches.isEmpty();
    }

    /** Sum of the branches for a tile, F32 [rows, columns] in native memory. */
    View tile(Worker worker, LinearKernel.Tiles.Tile t) {
        long columns = t.chunk().columns();
        long sum = worker.nativeScratch(Worker.Piece.SECOND, t.rows() * columns * Float.BYTES);
        for (int i = 0; i < branches.size(); i++) {
            Branch branch = branches.get(i);
            long right = floats(worker, branch.adapter().up(), t.chunk().from(), columns);
            int count = Math.toIntExact(t.rows() * branch.rank());
            long left = worker.nativeScratch(Worker.Piece.LEFT, (long) count * Float.BYTES);
            new View(left, count, Format.F32)
                    .putFloats(0, branch.down(), Math.toIntExact((t.row() - firstRow) * branch.rank()), count);
            MatmulSpec plain = spec(t.rows(), columns, branch.rank(), columns);
            MatmulSpec spec = i == 0
                    ? plain
                    : new MatmulSpec(
                            plain.m(),
                            plain.n(),
                            plain.k(),
                            plain.types(),
                            plain.lda(),
                            plain.ldc(),
                            plain.right(),
                            MatmulSpec.Fusion.SUM);
            worker.matmul(spec, left, right, sum);
        }
        return new View(sum, t.rows() * columns, Format.F32);
    }
}
