package io.wan4j.pipeline;

import io.wan4j.media.PixelSize;
import io.wan4j.media.Planes;
import io.wan4j.media.VideoSize;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.text.TextEncoder;
import io.wan4j.model.vae.Latents;
import io.wan4j.model.vae.VaeDecoder;
import io.wan4j.model.vae.VaeEncoder;
import io.wan4j.model.vae.VideoFrames;
import io.wan4j.model.vision.ImageEncoder;
import io.wan4j.ops.Ops;
import io.wan4j.scheduler.Scheduler;
import java.util.Arrays;
import java.util.function.Consumer;

/** The phases of a generation as functions from host arrays to host arrays; run alike on a device and on a dry one. */
public final class Stages {
    private static final int MASK_CHANNELS = 4;

    private final LoadedModels models;

    public Stages(LoadedModels models) {
        this.models = models;
    }

    /** Rows of text, [ids, textDim]. */
    public float[] text(int[] ids, Tick tick) {
        TextEncoder encoder = models.text();
        int blocks = encoder.config().layers();
        try (Ops ops = Ops.on(models.device())) {
            return ops.download(encoder.encode(ops, ids, block -> tick.at(0, 1, block, blocks)));
        }
    }

    /** Rows of the picture, [257, imageDim]. */
    public float[] image(Planes preprocessed, Tick tick) {
        ImageEncoder encoder = models.image();
        int blocks = encoder.config().layers() - 1;
        try (Ops ops = Ops.on(models.device())) {
            return ops.download(encoder.encode(ops, preprocessed.values(), block -> tick.at(0, 1, block, blocks)));
        }
    }

    /**
     * What the video starts from: 4 channels of mask, ones in the first latent frame, and 16 of the latent of the picture
     * followed by grey: [20, T, H, W].
     *
     * @param firstFrame the picture at the video's size, in -1..1
     */
    public float[] condition(Planes firstFrame, int frames, Tick tick) {
        PixelSize size = firstFrame.size();
        int latentFrames = (frames - 1) / 4 + 1;
        VaeEncoder encoder = models.vaeEncoder();
        float[] latent = encoder.encode(
                        VideoFrames.picture(firstFrame.values(), frames, size.height(), size.width()),
                        new LayerTicks(tick, latentFrames, encoder.layers()))
                .values();
        int channel = latent.length / WanConfig.LATENT_CHANNELS;
        int frame = channel / latentFrames;
        float[] condition = new float[MASK_CHANNELS * channel + latent.length];
        for (int c = 0; c < MASK_CHANNELS; c++) {
            Arrays.fill(condition, c * channel, c * channel + frame, 1f);
        }
        System.arraycopy(latent, 0, condition, MASK_CHANNELS * channel, latent.length);
        return condition;
    }

    /**
     * Runs the scheduler's remaining steps.
     *
     * @param job prompt, picture and sizes
     * @param run stands before its next step; moved to its end
     * @param latents [16, T, H, W], read and overwritten
     * @param afterStep called after every step
     */
    public void denoise(DenoisingJob job, Scheduler run, float[] latents, Tick tick, Runnable afterStep) {
        try (Ops ops = Ops.on(models.device());
                Denoiser denoiser = new Denoiser(models, job, ops)) {
            while (run.nextStep() < run.steps()) {
                int step = run.nextStep();
                float[] velocity = denoiser.velocity(run, latents, tick);
                run.step(step, velocity, latents);
                afterStep.run();
            }
        }
    }

    /**
     * Decodes a latent.
     *
     * @param latents [16, T, H, W]
     * @param frames given every frame in order, [3, height, width] in -1..1
     */
    public void decode(float[] latents, int latentFrames, VideoSize size, Consumer<Planes> frames, Tick tick) {
        Latents latent =
                new Latents(WanConfig.LATENT_CHANNELS, latentFrames, size.latentHeight(), size.latentWidth(), latents);
        VaeDecoder decoder = models.vaeDecoder();
        decoder.decode(
                latent,
                frame -> frames.accept(new Planes(frame.values(), 3, size.pixels())),
                new LayerTicks(tick, latentFrames, decoder.layers()));
    }
}
