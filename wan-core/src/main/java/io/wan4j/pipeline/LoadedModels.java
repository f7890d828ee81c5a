package io.wan4j.pipeline;

import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.model.text.TextEncoder;
import io.wan4j.model.vae.VaeDecoder;
import io.wan4j.model.vae.VaeEncoder;
import io.wan4j.model.vision.ImageEncoder;
import io.wan4j.spi.Device;
import io.wan4j.tensor.WeightSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The networks that are on a device now: loaded at their first use, kept or freed at the end of their phase. */
public final class LoadedModels implements AutoCloseable {
    private final ModelParts parts;
    private final Device device;
    private final Set<Phase> kept;
    private final Residency residency;
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
        this.parts = parts;
        this.device = device;
        this.kept = kept;
        this.residency = residency;
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
                () -> TextEncoder.load(parts.text().config(), parts.text().source(), device));
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
                () -> WanTransformer.load(parts.transformer().config(), transformerSource, device, residency));
    }

    public VaeDecoder vaeDecoder() {
        return get(
                Phase.DECODING,
                VaeDecoder.class,
                () -> VaeDecoder.load(parts.vae().config(), parts.vae().source(), device));
    }

    private <T extends AutoCloseable> T get(Phase phase, Class<T> type, Supplier<T> loader) {
        return type.cast(loaded.computeIfAbsent(phase, absent -> loader.get()));
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

    /** The phase is over: frees its network unless it is to be kept. */
    public void finished(Phase phase) {
        if (!kept.contains(phase)) {
            close(loaded.remove(phase));
        }
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
