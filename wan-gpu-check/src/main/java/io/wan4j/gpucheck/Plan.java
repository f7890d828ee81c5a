package io.wan4j.gpucheck;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The order of units: what a run that is broken off must not have missed comes first. Correctness comes before speed, and
 * its units run side by side, because they mostly wait for an oracle on the host; whatever is timed runs alone.
 */
final class Plan {
    private static final int CORRECTNESS = 1;
    private static final int LAST = 9;

    /** Other activations than models use by default, and libraries that are not used by default. */
    private static final Pattern LESS_URGENT = Pattern.compile("(f32|libraries):.*");

    private Plan() {}

    /** A unit of a part. */
    record Step(Part part, String unit) {}

    /** Units of about the same worth. */
    record Stage(boolean sideBySide, List<Step> steps) {
        Stage {
            steps = List.copyOf(steps);
        }
    }

    /** All units of these parts, the most valuable first. */
    static List<Stage> of(List<Part> parts) {
        Map<Integer, List<Step>> ranked = new TreeMap<>();
        for (Part part : parts) {
            for (String unit : part.units()) {
                Step step = new Step(part, unit);
                ranked.computeIfAbsent(rank(step), rank -> new ArrayList<>()).add(step);
            }
        }
        List<Stage> stages = new ArrayList<>();
        ranked.forEach((rank, steps) -> stages.add(new Stage(sideBySide(rank), steps)));
        return stages;
    }

    private static boolean sideBySide(int rank) {
        return rank == CORRECTNESS || rank == LAST;
    }

    private static int rank(Step step) {
        return switch (step.part()) {
            case DOCTOR -> 0;
            case CONTRACT, GOLDENS -> LESS_URGENT.matcher(step.unit()).matches() ? LAST : CORRECTNESS;
            case CEILING -> 2;
            case KERNELS -> KernelsCheck.first(step.unit()) ? 2 : 7;
            case STEP -> step.unit().equals("bf16") ? 8 : 3;
            case VIDEO -> 4;
            case CUBLASLT -> step.unit().equals(CublasLtCheck.WHOLE) ? 7 : 5;
            case OFFLOAD -> 6;
            default -> 5;
        };
    }
}
