package io.wan4j.cuda.library;

import io.wan4j.error.DeviceException;
import io.wan4j.tensor.Format;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A graph of cuDNN's operations and the plan that computes it. Used from one thread at a time. */
final class CudnnGraph implements AutoCloseable {
    // cudnnBackendDescriptorType_t
    private static final int ENGINECFG = 3;
    private static final int ENGINEHEUR = 4;
    private static final int EXECUTION_PLAN = 5;
    private static final int OPERATIONGRAPH = 15;
    private static final int VARIANT_PACK = 16;
    private static final int TENSOR = 17;

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
    private static final int TENSOR_VIRTUAL = 907;
    private static final int TENSOR_BY_VALUE = 908;
    private static final int PACK_IDS = 1000;
    private static final int PACK_POINTERS = 1001;
    private static final int PACK_WORKSPACE = 1003;

    // cudnnDataType_t
    static final int TYPE_F32 = 0;
    private static final int TYPE_BF16 = 9;

    private static final int MODE_A = 3;
    private static final int MOST_CONFIGS = 8;
    private static final int ALIGNMENT = 16;

    private final Cudnn library;
    private final long handle;
    private final List<CudnnDescriptor> kept = new ArrayList<>();
    private Optional<CudnnDescriptor> plan = Optional.empty();
    private long workspace;

    CudnnGraph(Cudnn library, long handle) {
        this.library = library;
        this.handle = handle;
    }

    /** A tensor's extents and the elements between neighbours along each. */
    record Layout(long[] extents, long[] strides) {
        /** Extents and strides in turn of [batch, channels, frames, height, width], channels last. */
        static Layout channelsLast(long channels, long frames, long height, long width, long frameStride) {
            return new Layout(
                    new long[] {1, channels, frames, height, width},
                    new long[] {frames * frameStride, 1, frameStride, width * channels, channels});
        }
    }

    private static int type(Format format) {
        return switch (format) {
            case F32 -> TYPE_F32;
            case BF16 -> TYPE_BF16;
            default -> throw new IllegalArgumentException("cuDNN: no type for " + format);
        };
    }

    /** A new descriptor, which is closed with this graph. */
    CudnnDescriptor make(int kind) {
        CudnnDescriptor made = new CudnnDescriptor(library, kind);
        kept.add(made);
        return made;
    }

    private CudnnDescriptor described(long id, Format format, Layout layout, long alignment) {
        return make(TENSOR)
                .dataType(TENSOR_TYPE, type(format))
                .numbers(TENSOR_DIMENSIONS, layout.extents())
                .numbers(TENSOR_STRIDES, layout.strides())
                .numbers(TENSOR_ID, id)
                .numbers(TENSOR_ALIGNMENT, alignment);
    }

    /** A tensor in device memory, at a multiple of 16. */
    CudnnDescriptor tensor(long id, Format format, Layout layout) {
        return described(id, format, layout, ALIGNMENT).complete();
    }

    /** A result that only another operation of the graph reads. */
    CudnnDescriptor between(long id, Format format, Layout layout) {
        return described(id, format, layout, ALIGNMENT).yes(TENSOR_VIRTUAL).complete();
    }

    /** One F32 number in host memory, of a graph with so many dimensions. */
    CudnnDescriptor number(long id, int dimensions) {
        long[] ones = new long[dimensions];
        Arrays.fill(ones, 1);
        return described(id, Format.F32, new Layout(ones, ones), Float.BYTES)
                .yes(TENSOR_BY_VALUE)
                .complete();
    }

    /**
     * Plans these operations with the first engine that takes them.
     *
     * @throws DeviceException if none does
     */
    void plan(Object what, CudnnDescriptor... operations) {
        CudnnDescriptor graph = make(OPERATIONGRAPH)
                .handle(GRAPH_HANDLE, handle)
                .link(GRAPH_OPERATIONS, operations)
                .complete();
        CudnnDescriptor heuristic = make(ENGINEHEUR)
                .link(HEUR_GRAPH, graph)
                .heuristic(HEUR_MODE, MODE_A)
                .complete();
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
            throw new DeviceException("cuDNN: none of " + found + " engines takes " + what);
        }
    }

    /** Bytes of device memory that a run needs. */
    long workspace() {
        return workspace;
    }

    /** Starts the plan on these addresses of the tensors with these ids. */
    void run(long[] ids, long[] addresses, long space) {
        try (CudnnDescriptor pack = new CudnnDescriptor(library, VARIANT_PACK)) {
            pack.numbers(PACK_IDS, ids)
                    .pointers(PACK_POINTERS, addresses)
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
