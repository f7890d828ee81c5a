package io.wan4j.cli.quality;

import io.wan4j.ops.Ops;
import io.wan4j.spi.DelegatingDevice;
import io.wan4j.spi.Device;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/** A device that keeps what goes into and comes out of linear layers; everything is computed by the wrapped device. */
final class RecordingDevice extends DelegatingDevice {
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
        super(device);
        this.kernels = watched(device.kernels(), new Watch());
    }

    private final class Watch implements KernelWatch {
        @Override
        public void before(KernelCall call) {
            if (call.name().equals("linear")
                    && !((Tensor) call.arguments()[0]).format().isCode()) {
                Tensor x = (Tensor) call.arguments()[0];
                int columns = Math.toIntExact(x.shape().columns());
                inputs.put(((Linear) call.arguments()[1]).name(), new Rows(download(x), columns));
            }
        }

        @Override
        public void after(KernelCall call) {
            if (call.name().equals("linear")
                    && !((Tensor) call.arguments()[3]).format().isCode()) {
                targets.put(((Linear) call.arguments()[1]).name(), download((Tensor) call.arguments()[3]));
            }
        }
    }

    private float[] download(Tensor tensor) {
        try (Ops ops = Ops.on(delegate())) {
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
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public void close() {
        // The wrapped device belongs to the caller.
    }
}
