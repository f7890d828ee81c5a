package io.wan4j.scheduler;

/** The map of noise levels {@code s -> factor*s / (1 + (factor-1)*s)}: keeps 0 and 1, pushes the rest towards 1. */
record TimestepShift(double factor) {

    TimestepShift {
        if (!(factor > 0) || Double.isInfinite(factor)) {
            throw new IllegalArgumentException("shift: expected a finite number above 0, got " + factor);
        }
    }

    double apply(double s) {
        return factor * s / (1 + (factor - 1) * s);
    }

    double[] apply(double[] levels) {
        double[] shifted = new double[levels.length];
        for (int i = 0; i < levels.length; i++) {
            shifted[i] = apply(levels[i]);
        }
        return shifted;
    }
}
