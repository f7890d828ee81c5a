package io.wan4j.cuda;

import io.wan4j.cuda.driver.DriverCalls;
import io.wan4j.tensor.FloatCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * cuBLASLt by its C interface: checks what it is given and computes on the memory of a simulated device. Like the real
 * one it takes 8-bit operands in whole pieces only.
 */
final class FakeCublasLt implements DriverCalls {
    private static final int NOT_SUPPORTED = 15;

    final Set<String> missing = new HashSet<>();
    final Map<String, Integer> failing = new HashMap<>();
    int version = 130_100;
    int products;
    int refusals;

    private final SimulatedCudaDriver driver;
    private final Map<Long, Object> objects = new HashMap<>();
    private long next = 1000;

    FakeCublasLt(SimulatedCudaDriver driver) {
        this.driver = driver;
    }

    private record Layout(int type, long rows, long columns, long pitch) {}

    private static final class Description {
        private final int compute;
        private final Map<Integer, Object> attributes = new HashMap<>();

        Description(int compute) {
            this.compute = compute;
        }
    }

    /** Handles that were not destroyed. */
    int alive() {
        return objects.size();
    }

    @Override
    public boolean has(String function) {
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
        return switch (function) {
            case "cublasLtGetVersion" -> version;
            case "cublasLtCreate", "cublasLtMatmulPreferenceCreate" -> create(a, "handle");
            case "cublasLtMatmulDescCreate" -> create(a, new Description((Integer) a[1]));
            case "cublasLtMatrixLayoutCreate" ->
                create(a, new Layout((Integer) a[1], (Long) a[2], (Long) a[3], (Long) a[4]));
            case "cublasLtDestroy",
                    "cublasLtMatmulDescDestroy",
                    "cublasLtMatrixLayoutDestroy",
                    "cublasLtMatmulPreferenceDestroy" -> objects.remove((Long) a[0]) == null ? 7 : 0;
            case "cublasLtMatmulDescSetAttribute" -> {
                ((Description) find(a[0])).attributes.put((Integer) a[1], a[2]);
                yield 0;
            }
            case "cublasLtMatmulPreferenceSetAttribute" -> 0;
            case "cublasLtMatmulAlgoGetHeuristic" -> heuristic(a);
            case "cublasLtMatmul" -> multiply(a);
            default -> throw new AssertionError("unknown function " + function);
        };
    }

    private int create(Object[] a, Object object) {
        long handle = next++;
        objects.put(handle, object);
        ((long[]) a[0])[0] = handle;
        return 0;
    }

    private Object find(Object handle) {
        Object found = objects.get((Long) handle);
        if (found == null) {
            throw new AssertionError("no object " + handle);
        }
        return found;
    }

    private int heuristic(Object[] a) {
        Layout w = (Layout) find(a[2]);
        Layout x = (Layout) find(a[3]);
        Layout y = (Layout) find(a[4]);
        if (w.rows != x.rows || y.rows != w.columns || y.columns != x.columns) {
            throw new AssertionError("extents do not meet: " + w + ", " + x + ", " + y);
        }
        boolean whole = w.type == 14 || (w.columns % 4 == 0 && w.rows % 16 == 0);
        if (!whole) {
            refusals++;
            return NOT_SUPPORTED;
        }
        ((byte[]) a[8])[0] = 42;
        ((int[]) a[9])[0] = 1;
        return 0;
    }

    private int multiply(Object[] a) {
        Description description = (Description) find(a[1]);
        if (!(description.attributes.get(3) instanceof int[] transposed)
                || transposed[0] != 1
                || ((byte[]) a[12])[0] != 42) {
            throw new AssertionError("expected the first operand transposed, and the algorithm that was chosen");
        }
        Layout w = (Layout) find(a[4]);
        Layout x = (Layout) find(a[6]);
        Layout y = (Layout) find(a[11]);
        ByteBuffer ws = read(w, (Long) a[3]);
        ByteBuffer xs = read(x, (Long) a[5]);
        boolean integer = description.compute == 72;
        for (int row = 0; row < x.columns; row++) {
            ByteBuffer line = ByteBuffer.allocate(4 * (int) y.rows).order(ByteOrder.LITTLE_ENDIAN);
            for (int column = 0; column < w.columns; column++) {
                double sum = 0;
                for (int k = 0; k < w.rows; k++) {
                    sum += element(xs, x, row, k) * element(ws, w, column, k);
                }
                if (integer) {
                    line.putInt((int) sum);
                } else {
                    line.putFloat((float) sum);
                }
            }
            driver.poke((Long) a[10] + 4 * row * y.pitch, line.array());
        }
        products++;
        return 0;
    }

    private static int bytes(Layout layout) {
        return layout.type == 14 ? 2 : 1;
    }

    private ByteBuffer read(Layout layout, long address) {
        long count = (layout.columns - 1) * layout.pitch + layout.rows;
        return ByteBuffer.wrap(driver.peek(address, Math.toIntExact(count * bytes(layout))))
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    private static double element(ByteBuffer from, Layout layout, int row, int k) {
        int at = Math.toIntExact(row * layout.pitch + k);
        return switch (layout.type) {
            case 14 -> FloatCodec.bf16ToFloat(from.getShort(2 * at));
            case 3 -> from.get(at);
            case 28 -> FloatCodec.e4m3ToFloat(from.get(at));
            default -> throw new AssertionError("type " + layout.type);
        };
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
        throw new AssertionError("no memory");
    }
}
