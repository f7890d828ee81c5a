package io.wan4j.testkit.golden;

import io.wan4j.error.ShapeException;
import io.wan4j.ops.Ops;
import io.wan4j.spi.DelegatingDevice;
import io.wan4j.spi.Device;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A device that writes down what fused kernels never write out: a linear layer's output before the residual joins, and
 * normalised rows before the modulation. Everything is computed by the wrapped device.
 */
final class ProbeDevice extends DelegatingDevice {
    private final Kernels kernels;
    private final Map<String, float[]> outputs = new HashMap<>();
    private final Map<String, float[]> targets = new HashMap<>();
    private final List<float[]> modulatedNorms = new ArrayList<>();
    private final List<float[]> layerNorms = new ArrayList<>();
    private final List<float[]> rmsNorms = new ArrayList<>();
    private final List<float[]> gathered = new ArrayList<>();

    ProbeDevice(Device device) {
        super(device);
        this.kernels = watched(device.kernels(), new Watch());
    }

    private final class Watch implements KernelWatch {
        @Override
        public void after(KernelCall call) {
            Object[] arguments = call.arguments();
            switch (call.name()) {
                case "linear" ->
                    linear((Tensor) arguments[0], (Linear) arguments[1], (Epilogue) arguments[2], (Tensor)
                            arguments[3]);
                case "normModulate" -> modulatedNorms.add(plainNorm((Tensor) arguments[0], (float) arguments[3]));
                case "layerNorm" -> layerNorms.add(values((Tensor) arguments[4]));
                case "rmsNorm" -> rmsNorms.add(values((Tensor) arguments[3]));
                case "gather" -> gathered.add(values((Tensor) arguments[2]));
                default -> {}
            }
        }
    }

    private void linear(Tensor x, Linear layer, Epilogue epilogue, Tensor out) {
        boolean plain = epilogue instanceof Epilogue.Store || epilogue instanceof Epilogue.Activate;
        if (plain && out.format().isCode()) {
            return;
        }
        targets.put(layer.name(), values(out));
        if (plain) {
            outputs.put(layer.name(), values(out));
            return;
        }
        try (Ops ops = Ops.on(delegate())) {
            Tensor y = ops.allocate(out.shape(), Format.F32);
            delegate().kernels().linear(x, layer, Epilogue.STORE, y);
            outputs.put(layer.name(), ops.download(y));
        }
    }

    private float[] plainNorm(Tensor x, float eps) {
        try (Ops ops = Ops.on(delegate())) {
            Tensor zeros = ops.upload(
                    new float[Math.toIntExact(x.shape().columns())], x.shape().columns());
            return ops.download(ops.normModulate(x, zeros, zeros, eps, Format.F32));
        }
    }

    /** Values of a tensor; of quantised rows, codes times scales are not needed by any golden vector. */
    private float[] values(Tensor tensor) {
        if (tensor.format().isCode()) {
            return new float[0];
        }
        try (Ops ops = Ops.on(delegate())) {
            return ops.download(tensor);
        }
    }

    /** The last plain output of a layer. */
    float[] output(String layer) {
        return found(outputs.get(layer), layer);
    }

    /** What the layer's target held after its last call: for a residual the stream itself. */
    float[] target(String layer) {
        return found(targets.get(layer), layer);
    }

    /** Plain norms before modulation, in order of the calls. */
    float[] modulatedNorm(int call) {
        return modulatedNorms.get(call);
    }

    /** Results of LayerNorms with parameters, in order of the calls. */
    float[] layerNorm(int call) {
        return layerNorms.get(call);
    }

    /** Results of RMSNorms, in order of the calls. */
    float[] rmsNorm(int call) {
        return rmsNorms.get(call);
    }

    /** Gathered rows, in order of the calls. */
    float[] gathered(int call) {
        return gathered.get(call);
    }

    private static float[] found(float @Nullable [] values, String layer) {
        if (values == null) {
            throw new ShapeException("probe: expected a call of " + layer + ", got none");
        }
        return values;
    }

    /** Forgets what was written down. */
    ProbeDevice fresh() {
        outputs.clear();
        targets.clear();
        modulatedNorms.clear();
        layerNorms.clear();
        rmsNorms.clear();
        gathered.clear();
        return this;
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
