package io.wan4j;

import io.wan4j.checkpoint.layout.Distillation;
import io.wan4j.media.PixelSize;
import io.wan4j.scheduler.StepDistill;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Compares how a request samples with what the model was made for. */
final class SamplingAdvice {
    /** Between the areas of 832x480 and 1280x720. */
    private static final long BETWEEN = 600_000;

    private SamplingAdvice() {}

    /** Says where a model's name tells another resolution than the request asks for; empty if it does not. */
    static Optional<String> ofSize(Optional<String> resolution, PixelSize size) {
        boolean large = (long) size.width() * size.height() > BETWEEN;
        if (resolution.isEmpty() || resolution.get().equals("720P") == large) {
            return Optional.empty();
        }
        return Optional.of("size " + size + " with a model for " + resolution.get()
                + " by its name: videos are best at the size that it was trained for, "
                + (large ? "832x480; use that, or the 720P checkpoint" : "1280x720; use that, or the 480P checkpoint"));
    }

    /** Sentences that say what does not fit, why, and what to do; none if nothing is known about the model. */
    static List<String> of(Distillation model, ImageToVideo request) {
        return switch (model.kind()) {
            case DISTILLED -> forDistilled(model.evidence(), request);
            case ORIGINAL -> forOriginal(model.evidence(), request);
            case UNKNOWN -> List.of();
        };
    }

    private static List<String> forDistilled(String evidence, ImageToVideo request) {
        List<String> advice = new ArrayList<>();
        if (request.isGuided()) {
            advice.add("guidance " + request.guidance() + " with a distilled model (\"" + evidence
                    + "\"): guidance is distilled into its weights, a second pass doubles the time and exaggerates"
                    + " contrast and motion; use guidance 1");
        }
        StepDistill made = StepDistill.fourSteps();
        boolean same = request.scheduler() instanceof StepDistill chosen
                && chosen.points().equals(made.points())
                && chosen.shift() == made.shift();
        if (!same) {
            advice.add(
                    request.scheduler() + " with a distilled model (\"" + evidence + "\"): it was trained only at the"
                            + " steps " + made.points() + " with shift " + made.shift()
                            + ", other noise levels give blurred or noisy videos; use the default steps");
        }
        return advice;
    }

    private static List<String> forOriginal(String evidence, ImageToVideo request) {
        List<String> advice = new ArrayList<>();
        if (request.scheduler() instanceof StepDistill chosen) {
            advice.add(chosen.points().size() + " distilled steps with an original model (\"" + evidence
                    + "\"): it is made for about 40 steps, so few leave the video blurred; use UniPC with 40 steps, or a"
                    + " distilled checkpoint or LoRA");
        }
        if (!request.isGuided()) {
            advice.add("no guidance with an original model (\"" + evidence
                    + "\"): without it the video follows the sentence only loosely; use guidance 5, or a distilled"
                    + " checkpoint or LoRA");
        }
        return advice;
    }
}
