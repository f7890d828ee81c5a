package io.wan4j.cuda.library;

import io.wan4j.error.DeviceException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** cuDNN in one context and stream. Used from one thread at a time. */
public final class CudnnHandle implements AutoCloseable {
    // cudnnBackendDescriptorType_t
    private static final int ENGINECFG = 3;
    private static final int ENGINEHEUR = 4;
    private static final int EXECUTION_PLAN = 5;
    private static final int OPERATIONGRAPH = 15;
    private static final int VARIANT_PACK = 16;
    private static final int TENSOR = 17;
    private static final int SDPA_FWD = 41;

    // cudnnBackendAttributeName_t
    private static final int HEUR_MODE = 200;
    private static final int HEUR_GRAPH = 201;
    private static final int HEUR_RESULTS = 202;
    private static final int PLAN_HANDLE = 400;
    private static final int PLAN_CONFIG = 401;
    private static final int PLAN_WORKSPACE = 402;
    private static final int GRAPH_HANDLE = 800;
    private static final int GRAPH_OPERATIONS = 801;
    private static final int TENSOR_ALIGNMENT = 900;
    private static final int TENSOR_TYPE = 901;
    private static final int TENSOR_DIMENSIONS = 902;
    private static final int TENSOR_STRIDES = 903;
    private static final int TENSOR_ID = 906;
    private static final int TENSOR_BY_VALUE = 908;
    private static final int PACK_IDS = 1000;
    private static final int PACK_POINTERS = 1001;
    private static final int PACK_WORKSPACE = 1003;
    private static final int SDPA_Q = 2800;
    private static final int SDPA_K = 2801;
    private static final int SDPA_V = 2802;
    private static final int SDPA_OUT = 2803;
    private static final int SDPA_SCALE = 2805;

    private static final int TYPE_F32 = 0;
    private static final int TYPE_BF16 = 9;
    private static final int MODE_A = 3;
    private static final int MOST_CONFIGS = 8;
    private static final long[] IDS = {1, 2, 3, 4, 5};

    private final Cudnn library;
    private final long handle;

    CudnnHandle(Cudnn library, long handle) {
        this.library = library;
        this.handle = handle;
    }

    @Override
    public void close() {
        library.call("cudnnDestroy", handle);
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

    /**
     * Prepares attention with the first engine that takes it; the caller closes it.
     *
     * @param scale factor of the scores
     * @throws DeviceException if the library does not offer it
     */
    public Attention attention(Problem problem, float scale) {
        Attention attention = new Attention(scale);
        try {
            attention.prepare(problem);
            return attention;
        } catch (RuntimeException | Error failure) {
            attention.close();
            throw failure;
        }
    }

    /** Attention that is ready to run any number of times. */
    public final class Attention implements AutoCloseable {
        private final List<CudnnDescriptor> kept = new ArrayList<>();
        private final ByteBuffer scale = ByteBuffer.allocateDirect(Float.BYTES).order(ByteOrder.nativeOrder());
        private Optional<CudnnDescriptor> plan = Optional.empty();
        private long workspace;

        private Attention(float scale) {
            this.scale.putFloat(0, scale);
        }

        private CudnnDescriptor make(int kind) {
            CudnnDescriptor made = new CudnnDescriptor(library, kind);
            kept.add(made);
            return made;
        }

        /** Rows of heads as [1, heads, rows, dimension]. */
        private CudnnDescriptor rows(long id, long rows, Problem p) {
            return make(TENSOR)
                    .dataType(TENSOR_TYPE, TYPE_BF16)
                    .numbers(TENSOR_DIMENSIONS, 1, p.heads(), rows, p.dimension())
                    .numbers(
                            TENSOR_STRIDES,
                            rows * p.heads() * p.dimension(),
                            p.dimension(),
                            p.heads() * p.dimension(),
                            1)
                    .numbers(TENSOR_ID, id)
                    .numbers(TENSOR_ALIGNMENT, 16)
                    .complete();
        }

        private void prepare(Problem problem) {
            CudnnDescriptor factor = make(TENSOR)
                    .dataType(TENSOR_TYPE, TYPE_F32)
                    .numbers(TENSOR_DIMENSIONS, 1, 1, 1, 1)
                    .numbers(TENSOR_STRIDES, 1, 1, 1, 1)
                    .numbers(TENSOR_ID, IDS[4])
                    .numbers(TENSOR_ALIGNMENT, Float.BYTES)
                    .yes(TENSOR_BY_VALUE)
                    .complete();
            CudnnDescriptor operation = make(SDPA_FWD)
                    .link(SDPA_Q, rows(IDS[0], problem.queries(), problem))
                    .link(SDPA_K, rows(IDS[1], problem.keys(), problem))
                    .link(SDPA_V, rows(IDS[2], problem.keys(), problem))
                    .link(SDPA_OUT, rows(IDS[3], problem.queries(), problem))
                    .link(SDPA_SCALE, factor)
                    .complete();
            CudnnDescriptor graph = make(OPERATIONGRAPH)
                    .handle(GRAPH_HANDLE, handle)
                    .link(GRAPH_OPERATIONS, operation)
                    .complete();
            CudnnDescriptor heuristic = make(ENGINEHEUR)
                    .link(HEUR_GRAPH, graph)
                    .heuristic(HEUR_MODE, MODE_A)
                    .complete();
            choose(heuristic, problem);
        }

        private void choose(CudnnDescriptor heuristic, Problem problem) {
            List<CudnnDescriptor> configs = new ArrayList<>();
            long[] addresses = new long[MOST_CONFIGS];
            for (int i = 0; i < MOST_CONFIGS; i++) {
                configs.add(make(ENGINECFG));
                addresses[i] = configs.get(i).address();
            }
            int found = heuristic.fill(HEUR_RESULTS, addresses);
            for (int i = 0; i < found && plan.isEmpty(); i++) {
                CudnnDescriptor tried =
                        make(EXECUTION_PLAN).handle(PLAN_HANDLE, handle).link(PLAN_CONFIG, configs.get(i));
                if (tried.tryComplete()) {
                    plan = Optional.of(tried);
                    workspace = tried.number(PLAN_WORKSPACE);
                }
            }
            if (plan.isEmpty()) {
                throw new DeviceException("cuDNN: none of " + found + " engines takes " + problem);
            }
        }

        /** Bytes of device memory that a run needs. */
        public long workspace() {
            return workspace;
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
            try (CudnnDescriptor pack = new CudnnDescriptor(library, VARIANT_PACK)) {
                pack.numbers(PACK_IDS, IDS)
                        .pointers(PACK_POINTERS, q, k, v, out, library.address(scale))
                        .pointers(PACK_WORKSPACE, space)
                        .complete();
                library.call("cudnnBackendExecute", handle, plan.orElseThrow().address(), pack.address());
            }
        }

        @Override
        public void close() {
            for (int i = kept.size() - 1; i >= 0; i--) {
                kept.get(i).close();
            }
            kept.clear();
            plan = Optional.empty();
        }
    }
}
