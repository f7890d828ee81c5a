package io.wan4j.quant;

import java.util.concurrent.atomic.DoubleAdder;

/** Adds up squares of values and of their errors, from several threads. */
final class ErrorSum {
    private final DoubleAdder errors = new DoubleAdder();
    private final DoubleAdder values = new DoubleAdder();

    private volatile boolean news;

    void add(double squaredErrors, double squaredValues) {
        news = true;
        errors.add(squaredErrors);
        values.add(squaredValues);
    }

    /** Whether anything was added since the last call. */
    boolean takeNews() {
        boolean had = news;
        news = false;
        return had;
    }

    /** Relative L2 error so far. */
    double relative() {
        double sum = values.sum();
        return sum == 0 ? 0 : Math.sqrt(errors.sum() / sum);
    }
}
