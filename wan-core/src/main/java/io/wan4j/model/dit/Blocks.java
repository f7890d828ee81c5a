package io.wan4j.model.dit;

import io.wan4j.ops.BlockRing;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Device;
import io.wan4j.spi.Recording;
import io.wan4j.tensor.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The blocks of a transformer: the first ones resident, the others streamed from the checkpoint. */
final class Blocks implements AutoCloseable {
    private final WanConfig config;
    private final WeightSource source;
    private final Device device;
    private final Residency residency;
    private final List<Loaded> resident = new ArrayList<>();
    private final List<Recording> recordings = new ArrayList<>();
    private final @Nullable BlockRing<WanBlock> streamed;

    private record Loaded(WanBlock block, Weights weights) {}

    Blocks(WanConfig config, WeightSource source, Device device, Residency residency) {
        this.config = config;
        this.source = source;
        this.device = device;
        this.residency = residency;
        try {
            for (int index = 0; index < Math.min(residency.resident(), config.layers()); index++) {
                resident.add(load(index, Weights.open(source, device)));
            }
            streamed = others();
        } catch (RuntimeException | Error failure) {
            closeResident();
            throw failure;
        }
    }

    /** The same blocks with what {@code changed} says besides the layers' weights, which stay on the device. */
    private Blocks(Blocks other, WeightSource changed) {
        this.config = other.config;
        this.source = changed;
        this.device = other.device;
        this.residency = other.residency;
        try {
            for (int index = 0; index < other.resident.size(); index++) {
                resident.add(load(index, other.resident.get(index).weights().reopen(changed)));
            }
            streamed = others();
        } catch (RuntimeException | Error failure) {
            closeResident();
            throw failure;
        }
    }

    Blocks with(WeightSource changed) {
        return new Blocks(this, changed);
    }

    private @Nullable BlockRing<WanBlock> others() {
        for (int index = 0; index < config.layers(); index++) {
            recordings.add(device.recording());
        }
        int count = config.layers() - resident.size();
        return count == 0
                ? null
                : new BlockRing<>(
                        device,
                        source,
                        new BlockRing.Span(resident.size(), count, residency.slots()),
                        (index, weights) -> new WanBlock(config, weights.at("blocks." + index)));
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

    /** Runs an action, which hands kernels over, with a block and the recording of it. */
    void with(int index, BiConsumer<WanBlock, Recording> action) {
        Recording recording = recordings.get(index);
        if (streamed == null || index < resident.size()) {
            action.accept(resident.get(index).block(), recording);
        } else {
            streamed.with(index, block -> action.accept(block, recording));
        }
    }

    @Override
    public void close() {
        if (streamed != null) {
            streamed.close();
        }
        closeResident();
    }

    private void closeResident() {
        recordings.forEach(Recording::close);
        resident.forEach(loaded -> loaded.weights().close());
        resident.clear();
    }
}
