package io.wan4j.model.vae;

/**
 * Mean and standard deviation of each latent channel. The diffusion transformer works on
 * {@code z = (mu - mean) / std}, the VAE on {@code mu}.
 *
 * <p>Source: constants of {@code wan/modules/vae.py} in the Wan2.1 repository.
 *
 * @param mean of each channel
 * @param std of each channel, positive
 */
public record LatentStatistics(float[] mean, float[] std) {
    /** Checks the lengths and copies the arrays. */
    public LatentStatistics {
        mean = mean.clone();
        std = std.clone();
        if (mean.length != std.length) {
            throw new IllegalArgumentException("latent statistics: expected as many deviations as means, got "
                    + std.length + " and " + mean.length);
        }
    }

    /** The statistics of Wan2.1's 16 channels. */
    public static LatentStatistics wan21() {
        return new LatentStatistics(
                new float[] {
                    -0.7571f, -0.7089f, -0.9113f, 0.1075f, -0.1745f, 0.9653f, -0.1517f, 1.5508f, 0.4134f, -0.0715f,
                    0.5517f, -0.3632f, -0.1922f, -0.9497f, 0.2503f, -0.2921f
                },
                new float[] {
                    2.8184f, 1.4541f, 2.3275f, 2.6558f, 1.2196f, 1.7708f, 2.6052f, 2.0743f, 3.2687f, 2.1526f, 2.8652f,
                    1.5579f, 1.6382f, 1.1253f, 2.8251f, 1.9160f
                });
    }

    @Override
    public float[] mean() {
        return mean.clone();
    }

    @Override
    public float[] std() {
        return std.clone();
    }

    /** Factor of {@code z = mu * factor + offset}: 1 / std. */
    float[] normalizeScale() {
        float[] scale = new float[std.length];
        for (int c = 0; c < scale.length; c++) {
            scale[c] = 1 / std[c];
        }
        return scale;
    }

    /** Offset of {@code z = mu * factor + offset}: -mean / std. */
    float[] normalizeShift() {
        float[] shift = new float[std.length];
        for (int c = 0; c < shift.length; c++) {
            shift[c] = -mean[c] / std[c];
        }
        return shift;
    }
}
