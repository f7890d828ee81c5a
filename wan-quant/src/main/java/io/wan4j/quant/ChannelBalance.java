package io.wan4j.quant;

/**
 * Factors that move a layer's large activation channels into its weight before both are quantised: {@code x W = (x / s)
 * (s W)} with {@code s_j = amax(x_j)^a / amax(W_j)^(1-a)} for each input channel j. Source: SmoothQuant (Xiao et al.,
 * 2023), equation 4.
 */
public final class ChannelBalance {
    /** The exponent of the paper: half of the difficulty goes to the weight. */
    public static final double HALF = 0.5;

    private static final double SMALLEST = 1e-5;

    private ChannelBalance() {}

    /**
     * Factors of the input channels.
     *
     * @param activations largest magnitude of each channel of the input, seen on examples
     * @param weights largest magnitude of each column of the weight
     * @param exponent a, 0 to 1
     */
    public static float[] factors(float[] activations, float[] weights, double exponent) {
        if (activations.length != weights.length) {
            throw new IllegalArgumentException("channel balance: expected as many activations as columns, got "
                    + activations.length + " and " + weights.length);
        }
        float[] factors = new float[activations.length];
        for (int j = 0; j < factors.length; j++) {
            double x = Math.max(activations[j], SMALLEST);
            double w = Math.max(weights[j], SMALLEST);
            factors[j] = (float) (Math.pow(x, exponent) / Math.pow(w, 1 - exponent));
        }
        return factors;
    }
}
