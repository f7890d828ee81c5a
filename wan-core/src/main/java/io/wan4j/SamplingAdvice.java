package io.wan4j;

import io.wan4j.checkpoint.layout.Distillation;
import io.wan4j.scheduler.StepDistill;
import java.util.ArrayList;
import java.util.List;

/** Compares how a request samples with what the model was made for. */
final class SamplingAdvice {
    private SamplingAdvice() {}

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
