package io.wan4j;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.Distillation;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.checkpoint.lora.LoraReport;
import io.wan4j.media.Picture;
import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.ModelParts;
import io.wan4j.pipeline.Placement;
import io.wan4j.prompt.PromptCleaner;
import io.wan4j.prompt.Tokenizer;
import io.wan4j.spi.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From a picture and a sentence to a video, with one model on one device.
 *
 * <p>May be used from several threads: generations run one after the other, in the order of their calls. Closing stops
 * the generation that runs and frees device, weights and files.
 */
public final class WanPipeline implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WanPipeline.class);
    private static final int PATIENCE_MILLIS = 50;

    private final ModelFiles files;
    private volatile ModelParts parts;
    private TransformerWeights weights;
    private final Tokenizer tokenizer;
    private final Device device;
    private final long budget;
    private final Distillation distillation;
    private final ReentrantLock turn = new ReentrantLock(true);
    private @Nullable LoadedModels models;
    private @Nullable Placement placement;
    private volatile @Nullable Cancellation running;
    private volatile boolean closed;
    private boolean released;

    /** Where to compute, and with how many bytes of device memory. */
    record Place(Device device, long budget) {}

    WanPipeline(ModelFiles files, ModelParts parts, TransformerWeights weights, Tokenizer tokenizer, Place place) {
        this.files = files;
        this.parts = parts.withTransformer(weights.source());
        this.weights = weights;
        this.tokenizer = tokenizer;
        this.device = place.device();
        this.budget = place.budget();
        this.distillation = files.part(Component.TRANSFORMER).distillation();
    }

    /** Starts to build a pipeline. */
    public static WanPipelineBuilder builder() {
        return new WanPipelineBuilder();
    }

    /** The device that it runs on. */
    public Device device() {
        return device;
    }

    /** What a generation will need, without running it; waits for the generation that runs. */
    public GenerationPlan plan(ImageToVideo request) {
        turn.lock();
        try {
            requireOpen();
            return GenerationPlan.of(parts, device.formats(), request);
        } finally {
            turn.unlock();
        }
    }

    /** What the LoRAs in use change, in order. */
    public List<LoraReport> loras() {
        turn.lock();
        try {
            return weights.reports();
        } finally {
            turn.unlock();
        }
    }

    /**
     * Uses these LoRAs instead of those in use, after the generation that runs. They stand beside the layers, so the base
     * stays loaded; only where LoRAs were merged into dense weights before is it loaded once more.
     *
     * @return what each changes
     * @throws io.wan4j.error.CheckpointException if one does not fit the model; the LoRAs in use stay
     */
    public List<LoraReport> loras(List<Lora> loras) {
        turn.lock();
        try {
            requireOpen();
            if (running != null) {
                throw new IllegalStateException("pipeline: a listener cannot change the LoRAs of its own generation");
            }
            TransformerWeights next = weights.with(loras);
            TransformerWeights old = weights;
            weights = next;
            parts = parts.withTransformer(next.source());
            LoadedModels loaded = models;
            if (loaded != null) {
                loaded.useTransformer(next.source());
            }
            old.close();
            return next.reports();
        } finally {
            turn.unlock();
        }
    }

    /** Generates a video and keeps its frames in memory. */
    public Video generate(ImageToVideo request) {
        return generate(request, ProgressListener.NONE);
    }

    /**
     * Generates a video and keeps its frames in memory.
     *
     * @param listener told at every block; may cancel
     * @throws java.util.concurrent.CancellationException if it was cancelled
     */
    public Video generate(ImageToVideo request, ProgressListener listener) {
        List<Picture> frames = new ArrayList<>();
        GenerationReport report = generate(request, GenerationOptions.listening(listener), frames::add);
        return new Video(frames, ImageToVideo.FRAMES_PER_SECOND, report);
    }

    /**
     * Generates a video and hands out each frame as soon as it is decoded, on the calling thread.
     *
     * @throws java.util.concurrent.CancellationException if it was cancelled, or the pipeline was closed meanwhile, or
     *     the thread was interrupted while it waited for its turn
     * @throws IllegalStateException if the pipeline is closed, or this is called by a listener of a generation
     */
    public GenerationReport generate(ImageToVideo request, GenerationOptions options, Consumer<Picture> frames) {
        awaitTurn(options.cancellation());
        try {
            running = options.cancellation();
            requireOpen();
            return run(request, options, frames);
        } finally {
            running = null;
            endTurn();
        }
    }

    private void awaitTurn(Cancellation cancellation) {
        if (turn.isHeldByCurrentThread()) {
            throw new IllegalStateException("pipeline: a listener or frame consumer cannot start another generation");
        }
        try {
            while (!turn.tryLock(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
                cancellation.check();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            CancellationException cancelled = new CancellationException("interrupted while waiting for a turn");
            cancelled.initCause(interrupted);
            throw cancelled;
        }
    }

    /** Whoever ends the last turn of a closed pipeline frees it. */
    private void endTurn() {
        try {
            if (closed && turn.getHoldCount() == 1) {
                release();
            }
        } finally {
            turn.unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("pipeline: it is closed; build another one");
        }
    }

    private GenerationReport run(ImageToVideo request, GenerationOptions options, Consumer<Picture> frames) {
        options.cancellation().check();
        List<String> warnings = new ArrayList<>(SamplingAdvice.of(distillation.with(weights.loraFiles()), request));
        SamplingAdvice.ofSize(
                        files.part(Component.TRANSFORMER).resolutionHint(),
                        request.videoSize().pixels())
                .ifPresent(warnings::add);
        warnings.forEach(LOG::warn);
        GenerationRun.Prompts prompts = new GenerationRun.Prompts(
                ids(request.prompt()),
                request.isGuided() ? Optional.of(ids(request.negativePrompt())) : Optional.empty());
        GenerationPlan plan = GenerationPlan.of(parts, device.formats(), request, prompts.tokens());
        ProgressMeter meter = new ProgressMeter(plan, options.listener(), options.cancellation(), System::nanoTime);
        LoadedModels loaded = place(Placement.of(plan.phases(), parts, new Placement.Room(budget, device.memory())));
        boolean done = false;
        try (StageStore store = options.store(request, files, weights, device)) {
            GenerationReport report =
                    new GenerationRun(loaded, plan, meter, store).run(request, prompts, warnings, frames);
            done = true;
            return report;
        } finally {
            if (!done) {
                loaded.close();
                device.memory().workspace().trim();
            }
        }
    }

    /** The loaded models under a placement; those of another placement go. */
    private LoadedModels place(Placement wanted) {
        LoadedModels current = models;
        if (current != null && wanted.equals(placement)) {
            return current;
        }
        if (current != null) {
            current.close();
        }
        LoadedModels fresh = new LoadedModels(parts, device, wanted);
        models = fresh;
        placement = wanted;
        return fresh;
    }

    private int[] ids(String prompt) {
        return tokenizer.encode(PromptCleaner.wan().clean(prompt));
    }

    /**
     * The frames of a generation while they are decoded. Each subscriber gets a generation of its own, which starts when
     * it subscribes, waits while the subscriber asks for nothing, and is cancelled with the subscription.
     */
    public Flow.Publisher<Picture> frames(ImageToVideo request, ProgressListener listener) {
        return new FramePublisher(this, request, listener);
    }

    /**
     * Stops what runs, waits for it, and frees everything. Called by a listener, it returns at once, and the generation
     * frees everything at its end. Closing twice is harmless.
     */
    @Override
    public void close() {
        closed = true;
        Cancellation current = running;
        if (current != null) {
            current.cancel();
        }
        turn.lock();
        endTurn();
    }

    private void release() {
        if (released) {
            return;
        }
        released = true;
        LoadedModels loaded = models;
        models = null;
        if (loaded != null) {
            loaded.close();
        }
        weights.close();
        device.close();
        tokenizer.close();
        files.close();
    }
}
