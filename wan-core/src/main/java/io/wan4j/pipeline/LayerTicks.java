package io.wan4j.pipeline;

import io.wan4j.model.vae.VaeListener;
import io.wan4j.ops.Ops;
import io.wan4j.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/** Ticks after every layer of the VAE: a chunk is a step, a layer is a block. */
final class LayerTicks implements VaeListener {
    private final Tick tick;
    private final int chunks;
    private final int layers;
    private final Map<String, Integer> positions = new HashMap<>();
    private int chunk;

    LayerTicks(Tick tick, int chunks, int layers) {
        this.tick = tick;
        this.chunks = chunks;
        this.layers = layers;
    }

    @Override
    public void chunk(int done, int total) {
        chunk = Math.min(done, chunks - 1);
    }

    @Override
    public void layer(String name, Ops ops, Tensor output) {
        int position = positions.computeIfAbsent(name, fresh -> positions.size());
        tick.at(chunk, chunks, Math.min(position, layers - 1), layers);
    }
}
