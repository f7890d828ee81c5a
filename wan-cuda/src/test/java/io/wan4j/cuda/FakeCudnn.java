package io.wan4j.cuda;

import io.wan4j.cuda.driver.DriverCalls;
import io.wan4j.tensor.FloatCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * cuDNN's graph interface by its C functions, for graphs of one attention, or of a convolution and a sum: keeps
 * descriptors, refuses the first engine, and computes on the memory of a simulated device. Head dimensions beyond 128 and
 * convolutions with more than {@link #mostChannels} are not offered.
 */
final class FakeCudnn implements DriverCalls {
    private static final int NOT_SUPPORTED = 3000;
    private static final int ATTENTION = 41;

    final Set<String> missing = new HashSet<>();
    final Map<String, Integer> failing = new HashMap<>();
    final List<Descriptor> convolutions = new ArrayList<>();
    int version = 91_300;
    int runs;
    int questions;
    int mostChannels = 64;
    long workspace = 4096;

    private final SimulatedCudaDriver driver;
    private final Map<Long, Descriptor> descriptors = new HashMap<>();
    private final Map<Long, ByteBuffer> host = new HashMap<>();
    private int handles;
    private long next = 5000;

    FakeCudnn(SimulatedCudaDriver driver) {
        this.driver = driver;
    }

    /** A descriptor and what was set. */
    static final class Descriptor {
        final int kind;
        final Map<Integer, Object> attributes = new HashMap<>();
        private boolean complete;

        Descriptor(int kind) {
            this.kind = kind;
        }

        private Object value(int attribute) {
            Object values = attributes.get(attribute);
            if (values == null) {
                throw new AssertionError("descriptor of kind " + kind + " lacks " + attribute);
            }
            return values;
        }

        boolean has(int attribute) {
            return attributes.containsKey(attribute);
        }

        long[] numbers(int attribute) {
            return (long[]) value(attribute);
        }

        /** A number of an enumeration. */
        int word(int attribute) {
            return ((int[]) value(attribute))[0];
        }

        float factor(int attribute) {
            return ((float[]) value(attribute))[0];
        }
    }

    /** Handles and descriptors that were not destroyed. */
    int alive() {
        return handles + descriptors.size();
    }

    @Override
    public boolean has(String function) {
        questions++;
        return !missing.contains(function);
    }

    @Override
    public int call(String function, Object... a) {
        if (missing.contains(function)) {
            throw new AssertionError(function + " was called though the library lacks it");
        }
        if (failing.containsKey(function)) {
            return failing.get(function);
        }
        switch (function) {
            case "cudnnGetVersion":
                return version;
            case "cudnnCreate":
                handles++;
                ((long[]) a[0])[0] = 77;
                return 0;
            case "cudnnDestroy":
                handles--;
                return 0;
            case "cudnnSetStream":
                return 0;
            case "cudnnBackendCreateDescriptor":
                ((long[]) a[1])[0] = next;
                descriptors.put(next++, new Descriptor((Integer) a[0]));
                return 0;
            case "cudnnBackendDestroyDescriptor":
                return descriptors.remove((Long) a[0]) == null ? 2000 : 0;
            case "cudnnBackendSetAttribute":
                return set(find((Long) a[0]), (Integer) a[1], (Long) a[3], a[4]);
            case "cudnnBackendGetAttribute":
                return get(find((Long) a[0]), (Integer) a[1], (long[]) a[4], (long[]) a[5]);
            case "cudnnBackendFinalize":
                return complete(find((Long) a[0]));
            case "cudnnBackendExecute":
                return execute(find((Long) a[1]), find((Long) a[2]));
            default:
                throw new AssertionError("unknown function " + function);
        }
    }

    private Descriptor find(long address) {
        Descriptor found = descriptors.get(address);
        if (found == null) {
            throw new AssertionError("no descriptor " + address);
        }
        return found;
    }

    private static int set(Descriptor to, int attribute, long count, Object values) {
        if (to.complete || java.lang.reflect.Array.getLength(values) != count) {
            throw new AssertionError("attribute " + attribute + " set late or with a wrong count");
        }
        to.attributes.put(attribute, values);
        return 0;
    }

    private int get(Descriptor from, int attribute, long[] count, long[] values) {
        if (attribute == 402) {
            values[0] = workspace;
            count[0] = 1;
        } else if (attribute == 202) {
            count[0] = 2;
            for (int i = 0; i < 2; i++) {
                Descriptor config = find(values[i]);
                config.attributes.put(1, new long[] {i});
                config.attributes.put(2, from.numbers(201));
                config.complete = true;
            }
        } else {
            throw new AssertionError("attribute " + attribute);
        }
        return 0;
    }

    private int complete(Descriptor descriptor) {
        if (descriptor.kind == 5) {
            Descriptor config = find(descriptor.numbers(401)[0]);
            if (config.numbers(1)[0] == 0 || !offers(operations(config))) {
                return NOT_SUPPORTED;
            }
        }
        descriptor.complete = true;
        return 0;
    }

    private boolean offers(List<Descriptor> operations) {
        Descriptor first = operations.get(0);
        return first.kind == ATTENTION
                ? tensor(first, 2800).numbers(902)[3] <= 128
                : tensor(first, 704).numbers(902)[1] <= mostChannels;
    }

    /** One attention, or a convolution and the sum after it. */
    private List<Descriptor> operations(Descriptor config) {
        Descriptor graph = find(config.numbers(2)[0]);
        List<Descriptor> operations =
                Arrays.stream(graph.numbers(801)).mapToObj(this::find).toList();
        List<Integer> kinds =
                operations.stream().map(operation -> operation.kind).toList();
        if (graph.numbers(800)[0] != 77
                || !(kinds.equals(List.of(ATTENTION)) || kinds.equals(List.of(10, 13)))
                || !operations.stream().allMatch(operation -> operation.complete)) {
            throw new AssertionError("expected a graph of complete operations, got kinds " + kinds);
        }
        return operations;
    }

    /** The complete descriptor that an attribute links to. */
    Descriptor linked(Descriptor from, int attribute) {
        Descriptor linked = find(from.numbers(attribute)[0]);
        if (!linked.complete) {
            throw new AssertionError("attribute " + attribute + ": expected a complete descriptor");
        }
        return linked;
    }

    Descriptor tensor(Descriptor operation, int attribute) {
        Descriptor tensor = linked(operation, attribute);
        if (tensor.kind != 17) {
            throw new AssertionError("expected a tensor");
        }
        return tensor;
    }

    /** A bound tensor. */
    private record Bound(long address, long[] dims, long[] strides, ByteBuffer bytes) {
        long at(int head, int row, int column) {
            return head * strides[1] + row * strides[2] + column * strides[3];
        }

        double get(int head, int row, int column) {
            return FloatCodec.bf16ToFloat(bytes.getShort(Math.toIntExact(2 * at(head, row, column))));
        }
    }

    private Bound bind(Descriptor operation, int attribute, Descriptor pack) {
        Descriptor tensor = tensor(operation, attribute);
        long address = pointer(tensor, pack);
        long[] dims = tensor.numbers(902);
        long count = dims[0] * dims[1] * dims[2] * dims[3];
        if (tensor.word(901) != 9) {
            throw new AssertionError("expected BF16");
        }
        byte[] content = attribute == 2803 ? new byte[(int) (2 * count)] : driver.peek(address, (int) (2 * count));
        return new Bound(
                address, dims, tensor.numbers(903), ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN));
    }

    /** The address that is bound to a tensor; a multiple of its alignment. */
    static long pointer(Descriptor tensor, Descriptor pack) {
        long id = tensor.numbers(906)[0];
        long[] ids = pack.numbers(1000);
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] == id) {
                long address = pack.numbers(1001)[i];
                if (!tensor.has(908) && address % tensor.numbers(900)[0] != 0) {
                    throw new AssertionError("tensor " + id + " is not aligned: " + address);
                }
                return address;
            }
        }
        throw new AssertionError("tensor " + id + " is not bound");
    }

    private int execute(Descriptor plan, Descriptor pack) {
        List<Descriptor> operations = operations(find(plan.numbers(401)[0]));
        if ((pack.numbers(1003)[0] == 0) != (workspace == 0)) {
            throw new AssertionError("expected a workspace of " + workspace + " bytes");
        }
        runs++;
        if (operations.size() == 2) {
            convolutions.add(operations.get(0));
            new FakeConvolution(this, driver).execute(operations.get(0), operations.get(1), pack);
            return 0;
        }
        Descriptor operation = operations.get(0);
        double scale = Objects.requireNonNull(host.get(pointer(tensor(operation, 2805), pack)))
                .getFloat(0);
        Bound q = bind(operation, 2800, pack);
        Bound k = bind(operation, 2801, pack);
        Bound v = bind(operation, 2802, pack);
        Bound out = bind(operation, 2803, pack);
        for (int head = 0; head < q.dims[1]; head++) {
            for (int row = 0; row < q.dims[2]; row++) {
                attend(new Bound[] {q, k, v, out}, head, row, scale);
            }
        }
        byte[] content = new byte[out.bytes.capacity()];
        out.bytes.get(0, content);
        driver.poke(out.address, content);
        return 0;
    }

    private static void attend(Bound[] t, int head, int row, double scale) {
        int keys = (int) t[1].dims[2];
        int dimension = (int) t[0].dims[3];
        double[] scores = new double[keys];
        double top = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < keys; j++) {
            for (int d = 0; d < dimension; d++) {
                scores[j] += scale * t[0].get(head, row, d) * t[1].get(head, j, d);
            }
            top = Math.max(top, scores[j]);
        }
        double total = 0;
        for (int j = 0; j < keys; j++) {
            scores[j] = Math.exp(scores[j] - top);
            total += scores[j];
        }
        for (int d = 0; d < dimension; d++) {
            double sum = 0;
            for (int j = 0; j < keys; j++) {
                sum += scores[j] * t[2].get(head, j, d);
            }
            t[3].bytes.putShort(
                    Math.toIntExact(2 * t[3].at(head, row, d)), FloatCodec.floatToBf16((float) (sum / total)));
        }
    }

    @Override
    public String text(long address) {
        throw new AssertionError("no text");
    }

    @Override
    public ByteBuffer view(long address, int bytes) {
        throw new AssertionError("no memory");
    }

    @Override
    public long address(ByteBuffer direct) {
        host.put(next, direct.duplicate().order(ByteOrder.nativeOrder()));
        return next++;
    }
}
