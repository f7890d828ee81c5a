package io.wan4j.cli.quality;

import io.wan4j.ops.Ops;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Linear;
import io.wan4j.spi.Memory;
import io.wan4j.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A device that keeps what goes into and comes out of linear layers; everything is computed by the wrapped device. */
final class RecordingDevice implements Device {
    private final Device device;
    private final Kernels kernels;
    private final Map<String, Rows> inputs = new HashMap<>();
    private final Map<String, float[]> targets = new HashMap<>();

    /** Rows on the host. */
    record Rows(float[] values, int columns) {
        int count() {
            return values.length / columns;
        }
    }

    RecordingDevice(Device device) {
        this.device = device;
        this.kernels = (Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (proxy, method, arguments) -> invoke(method, arguments));
    }

    private @Nullable Object invoke(Method method, Object[] arguments) throws Throwable {
        boolean linear = method.getName().equals("linear");
        if (linear && !((Tensor) arguments[0]).format().isCode()) {
            Tensor x = (Tensor) arguments[0];
            int columns = Math.toIntExact(x.shape().columns());
            inputs.put(((Linear) arguments[1]).name(), new Rows(download(x), columns));
        }
        try {
            Object result = method.invoke(device.kernels(), arguments);
            if (linear && !((Tensor) arguments[3]).format().isCode()) {
                targets.put(((Linear) arguments[1]).name(), download((Tensor) arguments[3]));
            }
            return result;
        } catch (InvocationTargetException failure) {
            throw failure.getCause();
        }
    }

    private float[] download(Tensor tensor) {
        try (Ops ops = Ops.on(device)) {
            return ops.download(tensor);
        }
    }

    /** The last unquantised input of a layer. */
    Rows input(String layer) {
        Rows rows = inputs.get(layer);
        if (rows == null) {
            throw new IllegalStateException("no call of " + layer + " was recorded");
        }
        return rows;
    }

    /** What the last call of a layer left in its target. */
    float[] target(String layer) {
        float[] values = targets.get(layer);
        if (values == null) {
            throw new IllegalStateException("no call of " + layer + " was recorded");
        }
        return values;
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public String description() {
        return device.description();
    }

    @Override
    public ActivationFormats formats() {
        return device.formats();
    }

    @Override
    public Memory memory() {
        return device.memory();
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public void synchronize() {
        device.synchronize();
    }

    @Override
    public void close() {
        // The wrapped device belongs to the caller.
    }
}
