package io.wan4j.ops;

import io.wan4j.spi.Device;
import io.wan4j.spi.Slot;
import io.wan4j.tensor.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Blocks of a model that do not fit on the device together: they come to a few slots in turn, each while the blocks before
 * it are computed, and after the last one the first again for the next pass. A block always comes to the same slot.
 * Used by one thread; a second one, its own, brings the blocks.
 *
 * @param <B> a block
 */
public final class BlockRing<B> implements AutoCloseable {
    private final Loader<B> loader;
    private final WeightSource source;
    private final Device device;
    private final Span span;
    private final ExecutorService thread;
    private final List<Place> places = new ArrayList<>();
    private int next;

    /** Makes a block from weights. */
    public interface Loader<B> {
        /** Loads block {@code index}. */
        B load(int index, Weights weights);
    }

    /**
     * Which blocks, in how many slots.
     *
     * @param first first block
     * @param count number of blocks
     * @param slots most blocks that are on the device at once
     */
    public record Span(int first, int count, int slots) {
        /** Checks the numbers. */
        public Span {
            if (first < 0 || count < 1 || slots < 1) {
                throw new IllegalArgumentException("ring: expected first >= 0, count >= 1, slots >= 1, got " + first
                        + ", " + count + ", " + slots);
            }
        }

        private int following(int index) {
            return index + 1 < first + count ? index + 1 : first;
        }
    }

    /** A ring that takes memory from the device when the first block is asked for. The source stays open as long. */
    public BlockRing(Device device, WeightSource source, Span span, Loader<B> loader) {
        this.device = device;
        this.source = source;
        this.span = span;
        this.loader = loader;
        this.thread = Executors.newSingleThreadExecutor(BlockRing::thread);
        this.next = span.first();
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "wan-block-loader");
        thread.setDaemon(true);
        return thread;
    }

    /** Runs an action, which hands kernels over, with a block. */
    public void with(int index, Consumer<B> action) {
        Place place = place(index);
        if (!place.holds(index)) {
            places.forEach(Place::drop);
            next = index;
        }
        fillAhead();
        B block = place.take();
        place.slot.use();
        try {
            action.accept(block);
        } finally {
            place.slot.used();
            if (span.count() > places.size()) {
                place.coming = null;
            }
        }
        fillAhead();
    }

    private Place place(int index) {
        if (places.isEmpty()) {
            for (int i = 0; i < Math.min(span.slots(), span.count()); i++) {
                places.add(new Place(device.memory().slot()));
            }
        }
        return places.get((index - span.first()) % places.size());
    }

    /** Has the next blocks brought as far as slots are free for them. */
    private void fillAhead() {
        for (Place place = place(next); place.coming == null; place = place(next)) {
            place.bring(next);
            next = span.following(next);
        }
    }

    /** Waits for the blocks under way and frees the slots. */
    @Override
    public void close() {
        places.forEach(Place::drop);
        thread.shutdown();
        places.forEach(place -> place.slot.close());
        places.clear();
    }

    /** A block on its way or there. */
    private record Coming<B>(int index, CompletableFuture<B> block) {}

    /** A slot, and what it holds for use. */
    private final class Place {
        private final Slot slot;
        private @Nullable Coming<B> coming;

        Place(Slot slot) {
            this.slot = slot;
        }

        boolean holds(int index) {
            return coming != null && coming.index() == index;
        }

        void bring(int index) {
            coming = new Coming<>(index, CompletableFuture.supplyAsync(() -> fill(index), thread));
        }

        private B fill(int index) {
            slot.refill();
            B block = loader.load(index, Weights.into(slot, source, device));
            slot.filled();
            return block;
        }

        /** Waits until all copies of the block were handed over. */
        B take() {
            Coming<B> awaited = Objects.requireNonNull(coming);
            try {
                return awaited.block().join();
            } catch (CompletionException failure) {
                coming = null;
                if (failure.getCause() instanceof RuntimeException cause) {
                    throw cause;
                }
                throw failure;
            }
        }

        /** Waits until nothing comes any more, and forgets what is there. */
        void drop() {
            if (coming != null) {
                coming.block().handle((block, failure) -> null).join();
                coming = null;
            }
        }
    }
}
