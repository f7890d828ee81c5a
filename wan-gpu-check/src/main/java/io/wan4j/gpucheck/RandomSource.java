package io.wan4j.gpucheck;

import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.WeightSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A checkpoint with random weights of any size: norms near one, matrices that keep the size of activations, in BF16 or,
 * for the layers of blocks, in 8-bit codes with a scale a row.
 */
final class RandomSource implements WeightSource {
    private final Map<String, Shape> shapes;
    private final Format blocks;
    private final RandomPool pool;

    /**
     * A checkpoint.
     *
     * @param shapes names and shapes of its tensors
     * @param blocks format of the linear layers of blocks: BF16, I8 or F8_E4M3
     */
    RandomSource(Map<String, Shape> shapes, Format blocks, RandomPool pool) {
        this.shapes = Map.copyOf(shapes);
        this.blocks = blocks;
        this.pool = pool;
    }

    @Override
    public Set<String> names() {
        return shapes.keySet();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        return Optional.ofNullable(shapes.get(name)).map(shape -> floating(name, shape));
    }

    private StoredTensor floating(String name, Shape shape) {
        if (name.endsWith("gamma") || (shape.rank() == 1 && name.endsWith(".weight"))) {
            return pool.tensor(name, Format.F32, shape, 1, 0.02);
        }
        if (shape.rank() <= 1 || name.contains("modulation")) {
            return pool.tensor(name, Format.F32, shape, 0, 0.02);
        }
        return pool.tensor(name, Format.BF16, shape, 0, 1 / Math.sqrt(fanIn(shape)));
    }

    private static double fanIn(Shape shape) {
        return (double) Math.max(1, shape.count() / Math.max(1, shape.dim(0)));
    }

    @Override
    public StoredWeight weight(String layer, Shape expected) {
        StoredTensor plain = get(layer + ".weight", expected);
        if (blocks == Format.BF16 || !layer.startsWith("blocks.")) {
            return StoredWeight.dense(plain);
        }
        double scale = 1 / (RandomPool.deviation(blocks) * Math.sqrt(fanIn(expected)));
        return new StoredWeight(
                pool.codes(layer + ".weight", blocks, expected),
                Optional.of(pool.tensor(layer + ".weight_scale", Format.F32, Shape.of(expected.dim(0), 1), scale, 0)),
                ActivationMode.DYNAMIC_8BIT);
    }

    @Override
    public String location() {
        return "random values";
    }
}
