package io.wan4j.bench;

import io.wan4j.dry.DryDevice;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Device;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Memory;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;

/** A device without data that writes down the convolutions that are asked of it. */
final class RecordingDevice implements Device {
    private final DryDevice dry = new DryDevice(ActivationFormats.BF16);
    private final List<Call> calls = new ArrayList<>();
    private final Kernels kernels = (Kernels) Proxy.newProxyInstance(
            Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, (proxy, method, arguments) -> {
                if (method.getName().equals("convolution")) {
                    calls.add(new Call((Tensor) arguments[0], (Tensor) arguments[1], (Convolution) arguments[2]));
                }
                try {
                    return method.invoke(dry.kernels(), arguments);
                } catch (InvocationTargetException failure) {
                    throw failure.getCause();
                }
            });

    /**
     * A convolution.
     *
     * @param frames frames of the input, earlier ones included
     * @param input [frames, H, W, C]
     * @param weight [out, in, kt, kh, kw], without taps in time on frames that are missing
     * @param geometry strides and padding
     */
    record Call(long frames, Shape input, Shape weight, Convolution.Geometry geometry) {
        private Call(Tensor past, Tensor x, Convolution layer) {
            this(
                    past.shape().dim(0) + x.shape().dim(0),
                    x.shape().withFirst(past.shape().dim(0) + x.shape().dim(0)),
                    taps(layer, past.shape().dim(0) + x.shape().dim(0)),
                    layer.geometry());
        }
    }

    private static Shape taps(Convolution layer, long frames) {
        Shape w = layer.weight().shape();
        return Shape.of(w.dim(0), w.dim(1), w.dim(2) - layer.missingFrames(frames), w.dim(3), w.dim(4));
    }

    List<Call> calls() {
        return List.copyOf(calls);
    }

    @Override
    public String name() {
        return "recording";
    }

    @Override
    public String description() {
        return "shapes of convolutions";
    }

    @Override
    public ActivationFormats formats() {
        return dry.formats();
    }

    @Override
    public Memory memory() {
        return dry.memory();
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public void synchronize() {
        // Nothing runs.
    }

    @Override
    public void close() {
        dry.close();
    }
}
