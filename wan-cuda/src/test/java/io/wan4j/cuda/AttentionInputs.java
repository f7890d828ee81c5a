package io.wan4j.cuda;

import io.wan4j.tensor.FloatCodec;
import java.util.Random;

/** One head of q, k and v, values rounded to BF16; rows of 128 columns. */
record AttentionInputs(Kind kind, int keys, float[] q, float[] k, float[] v) {
    static final int COLUMNS = 128;
    static final int ROWS = 128;

    /** How q and k are distributed; v is standard normal. */
    enum Kind {
        NORMAL("normal"),
        /** Every channel of k has a mean of up to six times its spread. */
        SHARED_MEAN("k with channel means up to 6"),
        /** A few channels of k lie far from zero, for all keys alike. */
        FAR_CHANNELS("k with 8 channels about 30"),
        /** A few channels of q and k are four times wider. */
        WIDE_CHANNELS("q, k with 8 channels 4 times wider"),
        /** Nearly all weight on a few keys. */
        SHARP("q 4 times larger");

        private final String title;

        Kind(String title) {
            this.title = title;
        }

        String title() {
            return title;
        }

        private boolean marked(int column) {
            return column % 16 == 0;
        }

        private double query(double normal, int column) {
            return switch (this) {
                case SHARP -> 4 * normal;
                case WIDE_CHANNELS -> marked(column) ? 4 * normal : normal;
                default -> normal;
            };
        }

        private double key(double normal, int column) {
            return switch (this) {
                case SHARED_MEAN -> normal + 6 * StrictMath.sin(column);
                case FAR_CHANNELS -> marked(column) ? normal + 30 : normal;
                case WIDE_CHANNELS -> marked(column) ? 4 * normal : normal;
                default -> normal;
            };
        }
    }

    static AttentionInputs of(Kind kind, int keys) {
        Random random = new Random(31L * keys + kind.title.length());
        float[] q = new float[ROWS * COLUMNS];
        float[] k = new float[keys * COLUMNS];
        float[] v = new float[keys * COLUMNS];
        for (int i = 0; i < q.length; i++) {
            q[i] = rounded(kind.query(random.nextGaussian(), i % COLUMNS));
        }
        for (int i = 0; i < k.length; i++) {
            k[i] = rounded(kind.key(random.nextGaussian(), i % COLUMNS));
            v[i] = rounded(random.nextGaussian());
        }
        return new AttentionInputs(kind, keys, q, k, v);
    }

    private static float rounded(double value) {
        return FloatCodec.bf16ToFloat(FloatCodec.floatToBf16((float) value));
    }

    /** The mean of k over its keys, by column. */
    double[] keyMean() {
        double[] mean = new double[COLUMNS];
        for (int i = 0; i < k.length; i++) {
            mean[i % COLUMNS] += k[i] / (double) keys;
        }
        return mean;
    }
}
