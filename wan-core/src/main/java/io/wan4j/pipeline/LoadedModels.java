package io.wan4j.pipeline;

import io.wan4j.error.DeviceException;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.model.text.TextEncoder;
import io.wan4j.model.vae.VaeDecoder;
import io.wan4j.model.vae.VaeEncoder;
import io.wan4j.model.vision.ImageEncoder;
import io.wan4j.spi.Device;
import io.wan4j.tensor.WeightSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The networks that are on a device now: loaded at their first use, kept or freed at the end of their phase. */
public final class LoadedModels implements AutoCloseable {
    private final ModelParts parts;
    private final Device device;
    private final Set<Phase> kept;
    private final boolean textStreamed;
    private final MemoryRelief relief;
    private WeightSource transformerRoot;
    private WeightSource transformerSource;
    private final Map<Phase, AutoCloseable> loaded = new EnumMap<>(Phase.class);

    /**
     * Nothing is loaded yet.
     *
     * @param kept phases whose network stays loaded after use
     * @param residency how much of the transformer stays on the device
     */
    public LoadedModels(ModelParts parts, Device device, Set<Phase> kept, Residency residency) {
        this(parts, device, new Placement(kept, residency, false));
    }

    /** Nothing is loaded yet. */
    public LoadedModels(ModelParts parts, Device device, Placement placement) {
        this.parts = parts;
        this.device = device;
        this.kept = placement.kept();
        this.textStreamed = placement.textStreamed();
        this.relief = new MemoryRelief(
                placement.residency(), parts.transformer().config().layers());
        this.transformerRoot = parts.transformer().source();
        this.transformerSource = transformerRoot;
    }

    public Device device() {
        return device;
    }

    public TextEncoder text() {
        return get(
                Phase.TEXT_ENCODING,
                TextEncoder.class,
                () -> textStreamed
                        ? TextEncoder.loadStreamed(
                                parts.text().config(), parts.text().source(), device)
                        : TextEncoder.load(parts.text().config(), parts.text().source(), device));
    }

    public ImageEncoder image() {
        return get(
                Phase.IMAGE_ENCODING,
                ImageEncoder.class,
                () -> ImageEncoder.load(parts.image().config(), parts.image().source(), device));
    }

    public VaeEncoder vaeEncoder() {
        return get(
                Phase.LATENT_ENCODING,
                VaeEncoder.class,
                () -> VaeEncoder.load(parts.vae().config(), parts.vae().source(), device));
    }

    /** The transformer with the weights of a denoising step; another one than for the step before if they differ. */
    public WanTransformer transformer(int step) {
        use(transformerRoot.atStep(step));
        return transformer();
    }

    /** Takes the transformer's weights from another source from now on; layers that are the same stay on the device. */
    public void useTransformer(WeightSource source) {
        transformerRoot = source;
        use(source);
    }

    private void use(WeightSource wanted) {
        WeightSource current = transformerSource;
        if (wanted == current) {
            return;
        }
        transformerSource = wanted;
        WanTransformer old = (WanTransformer) loaded.remove(Phase.DENOISING);
        if (old == null) {
            return;
        }
        try (old) {
            if (wanted.keepsLayersOf(current)) {
                loaded.put(Phase.DENOISING, old.with(wanted));
            }
        }
    }

    public WanTransformer transformer() {
        return get(
                Phase.DENOISING,
                WanTransformer.class,
                () -> WanTransformer.load(parts.transformer().config(), transformerSource, device, relief.residency()));
    }

    public VaeDecoder vaeDecoder() {
        return get(
                Phase.DECODING,
                VaeDecoder.class,
                () -> VaeDecoder.load(parts.vae().config(), parts.vae().source(), device));
    }

    private <T extends AutoCloseable> T get(Phase phase, Class<T> type, Supplier<T> loader) {
        AutoCloseable present = loaded.get(phase);
        if (present != null) {
            return type.cast(present);
        }
        T fresh = withRelief(phase, loader);
        loaded.put(phase, fresh);
        return fresh;
    }

    /**
     * Does work of a phase; if the device runs out of memory, makes room and does it again, as long as there is room to
     * make. The work must leave nothing behind when it fails.
     */
    <T> T withRelief(Phase phase, Supplier<T> work) {
        while (true) {
            try {
                return work.get();
            } catch (DeviceException failure) {
                if (!failure.isOutOfMemory() || !makeRoom(phase, failure)) {
                    throw failure;
                }
            }
        }
    }

    /** Frees the networks of other phases, then keeps fewer blocks of the transformer; false if nothing is to spare. */
    private boolean makeRoom(Phase phase, DeviceException failure) {
        device.synchronize();
        List<Phase> others =
                loaded.keySet().stream().filter(other -> other != phase).toList();
        others.forEach(other -> close(loaded.remove(other)));
        boolean less = relief.relieve(!others.isEmpty(), phase == Phase.DENOISING, failure);
        if (less && phase == Phase.DENOISING) {
            close(loaded.remove(phase));
        }
        device.memory().workspace().trim();
        return less;
    }

    /** What had to give way because memory was short, since the last call. */
    public List<String> takeWarnings() {
        return relief.takeWarnings();
    }

    /** Loads the network of a phase now. */
    public void load(Phase phase) {
        switch (phase) {
            case TEXT_ENCODING -> text();
            case IMAGE_ENCODING -> image();
            case LATENT_ENCODING -> vaeEncoder();
            case DENOISING -> transformer();
            case DECODING -> vaeDecoder();
        }
    }

    /**
     * The phase is over: frees its network and the workspace's pages, unless all is to be kept.
     *
     * @return whether they were freed
     */
    public boolean finished(Phase phase) {
        if (kept.contains(phase)) {
            return false;
        }
        close(loaded.remove(phase));
        device.memory().workspace().trim();
        return true;
    }

    private static void close(@org.jspecify.annotations.Nullable AutoCloseable model) {
        if (model == null) {
            return;
        }
        try {
            model.close();
        } catch (RuntimeException failure) {
            throw failure;
        } catch (Exception failure) {
            throw new IllegalStateException("closing a model failed", failure);
        }
    }

    @Override
    public void close() {
        loaded.values().forEach(LoadedModels::close);
        loaded.clear();
    }
}
