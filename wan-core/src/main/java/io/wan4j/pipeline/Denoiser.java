package io.wan4j.pipeline;

import io.wan4j.model.dit.Conditioning;
import io.wan4j.model.dit.StepInput;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.ops.Ops;
import io.wan4j.scheduler.Scheduler;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Velocities for one job, step by step; embeds the prompt again where a step has other weights than the one before. */
final class Denoiser implements AutoCloseable {
    private final LoadedModels models;
    private final DenoisingJob job;
    private final Ops ops;
    private final Tensor condition;
    private final Tensor latent;
    private final Tensor velocity;
    private @Nullable GuidedPrompt prompt;

    /** A denoiser whose tensors live in the scope {@code ops}. */
    Denoiser(LoadedModels models, DenoisingJob job, Ops ops) {
        this.models = models;
        this.job = job;
        this.ops = ops;
        Shape grid = Shape.of(
                WanConfig.LATENT_CHANNELS,
                job.latentFrames(),
                job.size().latentHeight(),
                job.size().latentWidth());
        condition = ops.upload(
                job.condition(), grid.withFirst(WanConfig.CONDITION_CHANNELS).toArray());
        latent = ops.allocate(grid, Format.F32);
        velocity = ops.allocate(grid, Format.F32);
    }

    /** The velocity at the run's next step, [16, T, H, W]; with fewer blocks on the device if memory runs out. */
    float[] velocity(Scheduler run, float[] latents, Tick tick) {
        return models.withRelief(Phase.DENOISING, () -> {
            try {
                return compute(run, latents, tick);
            } catch (RuntimeException | Error failure) {
                close();
                throw failure;
            }
        });
    }

    private float[] compute(Scheduler run, float[] latents, Tick tick) {
        int step = run.nextStep();
        GuidedPrompt guided = embedded(models.transformer(step));
        ops.upload(latents, latent);
        BlockCounter counter = new BlockCounter(tick, step, run.steps(), guided.passes());
        double timestep = run.timestep(step);
        float[] v = forward(guided.transformer(), input(timestep, guided.positive()), counter, 0);
        Conditioning negative = guided.negative();
        if (negative != null) {
            guided.combine(v, forward(guided.transformer(), input(timestep, negative), counter, 1));
        }
        return v;
    }

    private StepInput input(double timestep, Conditioning conditioning) {
        return new StepInput(latent, condition, timestep, conditioning);
    }

    private float[] forward(WanTransformer transformer, StepInput input, BlockCounter counter, int pass) {
        transformer.forward(ops, input, velocity, counter.pass(pass));
        return ops.download(velocity);
    }

    private GuidedPrompt embedded(WanTransformer transformer) {
        GuidedPrompt current = prompt;
        if (current == null || current.transformer() != transformer) {
            close();
            current = GuidedPrompt.of(job, transformer, ops);
            prompt = current;
        }
        return current;
    }

    @Override
    public void close() {
        GuidedPrompt current = prompt;
        prompt = null;
        if (current != null) {
            current.close();
        }
    }
}
