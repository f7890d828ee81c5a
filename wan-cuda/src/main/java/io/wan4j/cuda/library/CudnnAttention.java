package io.wan4j.cuda.library;

import io.wan4j.tensor.Format;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Attention by cuDNN, ready to run any number of times. */
public final class CudnnAttention implements AutoCloseable {
    // cudnnBackendDescriptorType_t, cudnnBackendAttributeName_t
    private static final int SDPA_FWD = 41;
    private static final int SDPA_Q = 2800;
    private static final int SDPA_K = 2801;
    private static final int SDPA_V = 2802;
    private static final int SDPA_OUT = 2803;
    private static final int SDPA_SCALE = 2805;

    private static final long[] IDS = {1, 2, 3, 4, 5};
    private static final int DIMENSIONS = 4;

    private final Cudnn library;
    private final CudnnGraph graph;
    private final ByteBuffer scale = ByteBuffer.allocateDirect(Float.BYTES).order(ByteOrder.nativeOrder());

    CudnnAttention(Cudnn library, long handle, float scale) {
        this.library = library;
        this.graph = new CudnnGraph(library, handle);
        this.scale.putFloat(0, scale);
    }

    /**
     * Attention of BF16 tensors [rows, heads * dimension].
     *
     * @param queries rows of q and out
     * @param keys rows of k and v
     * @param heads count
     * @param dimension of a head
     */
    public record Problem(long queries, long keys, long heads, long dimension) {}

    /** Rows of heads as [1, heads, rows, dimension]. */
    private CudnnDescriptor rows(long id, long rows, Problem p) {
        return graph.tensor(
                id, Format.BF16, new CudnnGraph.Layout(new long[] {1, p.heads(), rows, p.dimension()}, new long[] {
                    rows * p.heads() * p.dimension(), p.dimension(), p.heads() * p.dimension(), 1
                }));
    }

    void prepare(Problem problem) {
        graph.plan(
                problem,
                graph.make(SDPA_FWD)
                        .link(SDPA_Q, rows(IDS[0], problem.queries(), problem))
                        .link(SDPA_K, rows(IDS[1], problem.keys(), problem))
                        .link(SDPA_V, rows(IDS[2], problem.keys(), problem))
                        .link(SDPA_OUT, rows(IDS[3], problem.queries(), problem))
                        .link(SDPA_SCALE, graph.number(IDS[4], DIMENSIONS))
                        .complete());
    }

    /** Bytes of device memory that a run needs. */
    public long workspace() {
        return graph.workspace();
    }

    /**
     * Starts it.
     *
     * @param q first element of q
     * @param k first element of k
     * @param v first element of v
     * @param out first element of the result
     * @param space as many bytes as {@link #workspace}
     */
    public void run(long q, long k, long v, long out, long space) {
        graph.run(IDS, new long[] {q, k, v, out, library.address(scale)}, space);
    }

    @Override
    public void close() {
        graph.close();
    }
}
