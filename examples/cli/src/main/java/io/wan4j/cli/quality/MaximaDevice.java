package io.wan4j.cli.quality;

import io.wan4j.ops.Ops;
import io.wan4j.quant.BalancedWeights;
import io.wan4j.quant.ChannelMaxima;
import io.wan4j.spi.DelegatingDevice;
import io.wan4j.spi.Device;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Tensor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A device that notes the largest input of each channel of every layer that {@link BalancedWeights#canBalance}. All is
 * computed by the wrapped device; the inputs of those layers are copied to the host, so it is slow.
 *
 * <p>Layers must get their inputs unquantised: use it with dense weights, or with w8a16.
 */
public final class MaximaDevice extends DelegatingDevice {
    private final Kernels kernels;
    private final Map<String, float[]> layers = new ConcurrentHashMap<>();

    /** Watches what this device computes; closing closes it too. */
    public MaximaDevice(Device device) {
        super(device);
        this.kernels = watched(device.kernels(), new Watch());
    }

    private final class Watch implements KernelWatch {
        @Override
        public void before(KernelCall call) {
            if (call.name().equals("linear") && BalancedWeights.canBalance(((Linear) call.arguments()[1]).name())) {
                note(((Linear) call.arguments()[1]).name(), (Tensor) call.arguments()[0]);
            }
        }
    }

    private void note(String layer, Tensor x) {
        if (x.format().isCode()) {
            throw new IllegalStateException(layer + ": expected an unquantised input to measure, got " + x.format());
        }
        int columns = Math.toIntExact(x.shape().columns());
        float[] largest = new float[columns];
        try (Ops ops = Ops.on(delegate())) {
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
    public Kernels kernels() {
        return kernels;
    }
}
