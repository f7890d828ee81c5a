package io.wan4j.cli.quality;

import io.wan4j.ops.Ops;
import io.wan4j.quant.BalancedWeights;
import io.wan4j.quant.ChannelMaxima;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Linear;
import io.wan4j.spi.Memory;
import io.wan4j.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A device that notes the largest input of each channel of every layer that {@link BalancedWeights#canBalance}. All is
 * computed by the wrapped device; the inputs of those layers are copied to the host, so it is slow.
 *
 * <p>Layers must get their inputs unquantised: use it with dense weights, or with w8a16.
 */
public final class MaximaDevice implements Device {
    private final Device device;
    private final Kernels kernels;
    private final Map<String, float[]> layers = new ConcurrentHashMap<>();

    /** Watches what this device computes; closing closes it too. */
    public MaximaDevice(Device device) {
        this.device = device;
        this.kernels = (Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (proxy, method, arguments) -> invoke(method, arguments));
    }

    private @Nullable Object invoke(Method method, Object[] arguments) throws Throwable {
        if (method.getName().equals("linear") && BalancedWeights.canBalance(((Linear) arguments[1]).name())) {
            note(((Linear) arguments[1]).name(), (Tensor) arguments[0]);
        }
        try {
            return method.invoke(device.kernels(), arguments);
        } catch (InvocationTargetException failure) {
            throw failure.getCause();
        }
    }

    private void note(String layer, Tensor x) {
        if (x.format().isCode()) {
            throw new IllegalStateException(layer + ": expected an unquantised input to measure, got " + x.format());
        }
        int columns = Math.toIntExact(x.shape().columns());
        float[] largest = new float[columns];
        try (Ops ops = Ops.on(device)) {
            float[] values = ops.download(x);
            for (int i = 0; i < values.length; i++) {
                largest[i % columns] = Math.max(largest[i % columns], Math.abs(values[i]));
            }
        }
        layers.merge(layer, largest, ChannelMaxima::larger);
    }

    /** What was seen so far. */
    public ChannelMaxima maxima() {
        return new ChannelMaxima(layers);
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
        device.close();
    }
}
