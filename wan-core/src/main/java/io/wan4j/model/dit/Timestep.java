package io.wan4j.model.dit;

/** Sinusoidal features of a timestep: {@code a_i = t * 10000^(-i/h)}, first the cosines, then the sines, in FP64. */
public final class Timestep {
    private Timestep() {}

    /** Features of a timestep, which may be fractional: [features]. */
    public static float[] features(double timestep, int features) {
        int half = features / 2;
        float[] values = new float[features];
        for (int i = 0; i < half; i++) {
            double angle = timestep * Math.pow(10000, -(double) i / half);
            values[i] = (float) Math.cos(angle);
            values[half + i] = (float) Math.sin(angle);
        }
        return values;
    }
}
