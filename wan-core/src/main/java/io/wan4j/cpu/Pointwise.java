package io.wan4j.cpu;

import io.wan4j.spi.Activation;

/** The pointwise functions, computed in doubles. */
final class Pointwise {
    private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
    private static final double SQRT_HALF = Math.sqrt(0.5);

    private Pointwise() {}

    /** Replaces {@code count} values by activation(value). */
    static void apply(Activation activation, float[] values, int from, int count) {
        switch (activation) {
            case IDENTITY -> {}
            case SILU -> {
                for (int i = from; i < from + count; i++) {
                    values[i] = (float) (values[i] / (1 + Math.exp(-(double) values[i])));
                }
            }
            case GELU_TANH -> {
                for (int i = from; i < from + count; i++) {
                    values[i] = geluTanh(values[i]);
                }
            }
            case GELU_ERF -> {
                for (int i = from; i < from + count; i++) {
                    values[i] = (float) (0.5 * values[i] * (1 + Erf.of(values[i] * SQRT_HALF)));
                }
            }
        }
    }

    /** With {@code (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u))}, which loses nothing where x is far below 0. */
    private static float geluTanh(float value) {
        double x = value;
        double u = SQRT_2_OVER_PI * (x + 0.044715 * x * x * x);
        return (float) (x / (1 + Math.exp(-2 * u)));
    }
}
