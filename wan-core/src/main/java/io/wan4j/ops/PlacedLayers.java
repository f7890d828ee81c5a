package io.wan4j.ops;

import io.wan4j.spi.Arena;
import io.wan4j.spi.Device;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Weight;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Weights of linear layers on a device, shared by loads that differ in everything else; freed with the last of them. */
final class PlacedLayers {
    private final Device device;
    private final Map<String, Weight> weights = new HashMap<>();
    private @Nullable Arena arena;
    private int users = 1;

    PlacedLayers(Device device) {
        this.device = device;
    }

    /** Weights of layers in an arena that another owns. */
    static PlacedLayers in(Arena arena, Device device) {
        PlacedLayers layers = new PlacedLayers(device);
        layers.arena = arena;
        return layers;
    }

    /** The weight of a layer; brought to the device at its first use. */
    synchronized Weight place(String layer, Supplier<StoredWeight> stored) {
        return weights.computeIfAbsent(layer, any -> arena().place(stored.get(), WeightRole.LINEAR));
    }

    private Arena arena() {
        Arena current = arena;
        if (current == null) {
            current = device.memory().arena();
            arena = current;
        }
        return current;
    }

    synchronized long bytes() {
        return arena == null ? 0 : arena.bytes();
    }

    synchronized PlacedLayers share() {
        users++;
        return this;
    }

    synchronized void release() {
        users--;
        if (users == 0 && arena != null) {
            arena.close();
        }
    }
}
