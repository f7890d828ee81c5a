package io.wan4j.model.vae;

import io.wan4j.ops.Ops;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The encoder's layers during one video, frame by frame. A frame that is equal to those before it need not be computed:
 * layer after layer settles ({@link Reach}), and a settled layer's last output, which is kept, stands for the next.
 */
final class EncoderRun {
    private record Stage(String name, SettlingLayer layer, Tensor output) {}

    private final List<Stage> stages = new ArrayList<>();
    private final VaeListener listener;

    /**
     * Begins a run.
     *
     * @param frame [1, H, W, 3], the extents of a frame
     */
    EncoderRun(List<LayerPlan.Named<SettlingLayer>> layers, Caches caches, Shape frame, VaeListener listener) {
        this.listener = listener;
        Shape shape = frame;
        for (LayerPlan.Named<SettlingLayer> named : layers) {
            SettlingLayer layer = named.parameters().begin(caches, shape);
            shape = layer.output(shape);
            stages.add(new Stage(named.name(), layer, caches.output(shape)));
        }
    }

    /**
     * Takes the next frame.
     *
     * @param repeats to how many frames before it the frame is equal, bit for bit; less is safe
     * @return what the last layer gives, [1, h, w, C], valid until the next frame; empty if it gives nothing
     */
    Optional<Tensor> push(Ops ops, Tensor frame, int repeats) {
        Tensor x = frame;
        int same = repeats;
        for (Stage stage : stages) {
            SettlingLayer layer = stage.layer();
            long due = layer.output(x.shape()).dim(0);
            same = layer.reach().repeats(same);
            if (same > 0) {
                layer.repeat();
            } else {
                layer.forward(ops, x, stage.output().slice(0, due));
            }
            if (due == 0) {
                return Optional.empty();
            }
            x = stage.output();
            listener.layer(stage.name(), ops, x);
        }
        return Optional.of(x);
    }
}
