package io.wan4j.model.dit;

import io.wan4j.spi.Arena;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a prompt and a picture mean to one transformer: their embedded rows, and every block's keys and values of them,
 * which are computed by the first forward pass and used by all. Lives until closed.
 */
public final class Conditioning implements AutoCloseable {
    private final Arena arena;
    private final Tensor image;
    private final Tensor text;
    private final List<List<KeyValue>> contexts = new ArrayList<>();

    /** Room for the embedded rows; the transformer fills them. */
    Conditioning(Arena arena, WanConfig config, Format format) {
        this.arena = arena;
        this.image = arena.allocate(Shape.of(WanConfig.IMAGE_ROWS, config.dim()), format);
        this.text = arena.allocate(Shape.of(WanConfig.TEXT_ROWS, config.dim()), format);
    }

    /** Embedded image [257, dim]. */
    Tensor image() {
        return image;
    }

    /** Embedded text [512, dim]. */
    Tensor text() {
        return text;
    }

    /** Keys and values of block {@code index}, made by {@code fill} at the first use. */
    List<KeyValue> contexts(int index, Consumer<List<KeyValue>> fill) {
        if (index == contexts.size()) {
            List<KeyValue> made = List.of(like(image), like(text));
            fill.accept(made);
            contexts.add(made);
        }
        return contexts.get(index);
    }

    private KeyValue like(Tensor rows) {
        return new KeyValue(arena.allocate(rows.shape(), rows.format()), arena.allocate(rows.shape(), rows.format()));
    }

    /** Bytes on the device. */
    public long bytes() {
        return arena.bytes();
    }

    @Override
    public void close() {
        arena.close();
    }
}
