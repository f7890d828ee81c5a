package io.wan4j.model.vae;

import io.wan4j.ops.Ops;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * The decoder's layers during one video. Each output frame of a layer goes through all that follows before the next
 * one, so that only one frame is at full resolution at a time.
 */
final class DecoderRun {
    private record Stage(String name, CausalLayer layer) {}

    private final List<Stage> stages = new ArrayList<>();
    private final VaeListener listener;
    private final BiConsumer<Ops, Tensor> sink;

    /**
     * Begins a run.
     *
     * @param frame [1, h, w, C], the extents of a latent frame
     * @param sink takes what the last layer gives, [1, H, W, 3] at a time
     */
    DecoderRun(
            List<LayerPlan.Named<? extends CausalLayer>> layers,
            Caches caches,
            Shape frame,
            VaeListener listener,
            BiConsumer<Ops, Tensor> sink) {
        this.listener = listener;
        this.sink = sink;
        Shape shape = frame;
        for (LayerPlan.Named<? extends CausalLayer> named : layers) {
            CausalLayer layer = named.parameters().begin(caches, shape);
            shape = layer.output(shape);
            stages.add(new Stage(named.name(), layer));
        }
    }

    /** Takes the next latent frame [1, h, w, C]; may overwrite it. */
    void push(Ops ops, Tensor frame) {
        push(ops, 0, frame);
    }

    private void push(Ops parent, int index, Tensor x) {
        if (index == stages.size()) {
            sink.accept(parent, x);
            return;
        }
        Stage stage = stages.get(index);
        CausalLayer layer = stage.layer();
        try (Ops ops = parent.nested()) {
            Tensor out = layer.inPlace()
                    ? x
                    : ops.allocate(layer.output(x.shape()), ops.formats().residual());
            layer.forward(ops, x, out);
            listener.layer(stage.name(), ops, out);
            for (long t = 0; t < out.shape().dim(0); t++) {
                push(ops, index + 1, out.slice(t, t + 1));
            }
        }
    }
}
