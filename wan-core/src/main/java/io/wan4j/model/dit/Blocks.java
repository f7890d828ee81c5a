package io.wan4j.model.dit;

import io.wan4j.ops.Weights;
import io.wan4j.spi.Device;
import io.wan4j.tensor.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The blocks of a transformer: the first ones resident, the others streamed from the checkpoint with one prefetched. */
final class Blocks implements AutoCloseable {
    private final WanConfig config;
    private final WeightSource source;
    private final Device device;
    private final List<Loaded> resident = new ArrayList<>();
    private final @Nullable ExecutorService loader;
    private @Nullable Prefetch prefetch;

    private record Loaded(WanBlock block, Weights weights) {}

    private record Prefetch(int index, CompletableFuture<Loaded> block) {}

    Blocks(WanConfig config, WeightSource source, Device device, Residency residency) {
        this.config = config;
        this.source = source;
        this.device = device;
        int count = Math.min(residency.resident(), config.layers());
        this.loader = count < config.layers() ? Executors.newSingleThreadExecutor(Blocks::thread) : null;
        try {
            for (int index = 0; index < count; index++) {
                resident.add(load(index));
            }
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    /** The same blocks with what {@code changed} says besides the layers' weights, which stay on the device. */
    private Blocks(Blocks other, WeightSource changed) {
        this.config = other.config;
        this.source = changed;
        this.device = other.device;
        this.loader = other.loader == null ? null : Executors.newSingleThreadExecutor(Blocks::thread);
        try {
            for (int index = 0; index < other.resident.size(); index++) {
                resident.add(load(index, other.resident.get(index).weights().reopen(changed)));
            }
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    Blocks with(WeightSource changed) {
        return new Blocks(this, changed);
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "wan-block-loader");
        thread.setDaemon(true);
        return thread;
    }

    private Loaded load(int index) {
        return load(index, Weights.open(source, device));
    }

    private Loaded load(int index, Weights weights) {
        try {
            return new Loaded(new WanBlock(config, weights.at("blocks." + index)), weights);
        } catch (RuntimeException | Error failure) {
            weights.close();
            throw failure;
        }
    }

    int resident() {
        return resident.size();
    }

    /** Runs an action with a block, which is on the device until the action returns. */
    void with(int index, Consumer<WanBlock> action) {
        if (index < resident.size()) {
            action.accept(resident.get(index).block());
            return;
        }
        Loaded loaded = take(index);
        try {
            startPrefetch(index + 1 < config.layers() ? index + 1 : resident.size());
            action.accept(loaded.block());
            device.synchronize();
        } finally {
            loaded.weights().close();
        }
    }

    private Loaded take(int index) {
        Prefetch running = prefetch;
        prefetch = null;
        if (running != null && running.index() == index) {
            try {
                return running.block().join();
            } catch (CompletionException failure) {
                if (failure.getCause() instanceof RuntimeException cause) {
                    throw cause;
                }
                throw failure;
            }
        }
        drop(running);
        return load(index);
    }

    private void startPrefetch(int index) {
        if (loader != null && index >= resident.size()) {
            prefetch = new Prefetch(index, CompletableFuture.supplyAsync(() -> load(index), loader));
        }
    }

    private static void drop(@Nullable Prefetch running) {
        if (running != null) {
            running.block()
                    .handle((loaded, failure) -> {
                        if (loaded != null) {
                            loaded.weights().close();
                        }
                        return null;
                    })
                    .join();
        }
    }

    @Override
    public void close() {
        drop(prefetch);
        prefetch = null;
        if (loader != null) {
            loader.shutdown();
        }
        resident.forEach(loaded -> loaded.weights().close());
        resident.clear();
    }
}
