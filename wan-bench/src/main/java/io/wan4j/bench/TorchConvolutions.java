package io.wan4j.bench;

import io.wan4j.spi.Device;
import io.wan4j.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * The convolutions of a network in libtorch, in BF16 and channels last, without the norms, activations and copies around
 * them: a libtorch version of the network cannot be quicker.
 */
final class TorchConvolutions {
    private TorchConvolutions() {}

    private record Step(Tensor input, Tensor weight, long[] stride, long[] padding) {}

    static Contender contender(Consumer<Device> network) {
        RecordingDevice recording = new RecordingDevice();
        network.accept(recording);
        Libtorch data = new Libtorch();
        List<Step> steps = steps(recording.calls(), data);
        return data.contender("BF16 convolutions only", () -> steps.forEach(TorchConvolutions::run));
    }

    /** One input for each shape, one weight for each layer shape. */
    private static List<Step> steps(List<RecordingDevice.Call> calls, Libtorch data) {
        Map<Shape, Tensor> inputs = new HashMap<>();
        Map<Shape, Tensor> weights = new HashMap<>();
        List<Step> steps = new ArrayList<>();
        for (RecordingDevice.Call call : calls) {
            var geometry = call.geometry();
            boolean even = geometry.before() == geometry.after();
            long extra = even ? 0 : (long) geometry.before() + geometry.after();
            Shape s = call.input();
            Shape planes = Shape.of(1, s.dim(3), s.dim(0), s.dim(1) + extra, s.dim(2) + extra);
            Tensor input = inputs.computeIfAbsent(planes, shape -> channelsLast(data, 1, shape));
            double deviation =
                    1 / Math.sqrt((double) call.weight().count() / call.weight().dim(0));
            Tensor weight = weights.computeIfAbsent(call.weight(), shape -> channelsLast(data, deviation, shape));
            long padding = even ? geometry.before() : 0;
            steps.add(new Step(
                    input,
                    weight,
                    new long[] {geometry.strideTime(), geometry.strideSpace(), geometry.strideSpace()},
                    new long[] {0, padding, padding}));
        }
        return steps;
    }

    private static Tensor channelsLast(Libtorch data, double deviation, Shape shape) {
        Tensor[] result = new Tensor[1];
        Tensor plain = data.normal(deviation, shape.toArray());
        Libtorch.run(() -> result[0] = data.keep(plain.contiguous(torch.MemoryFormat.ChannelsLast3d)));
        return result[0];
    }

    private static void run(Step step) {
        torch.conv3d(
                        step.input(),
                        step.weight(),
                        new TensorOptional(),
                        step.stride(),
                        step.padding(),
                        new long[] {1, 1, 1},
                        1)
                .close();
    }
}
