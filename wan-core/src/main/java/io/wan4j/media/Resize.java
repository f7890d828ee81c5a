package io.wan4j.media;

/**
 * Resampling of channel-first floats to another size, separable, with half-pixel centres, coefficients and sums in
 * double precision, and no clamping of overshoot.
 */
public enum Resize {
    /**
     * Keys' cubic with a = -0.75 on 4x4 neighbours, also when shrinking; neighbours outside repeat the border. Equals
     * {@code torch.nn.functional.interpolate(mode="bicubic", align_corners=False)}.
     */
    BICUBIC {
        @Override
        ResampleWeights weights(int in, int out) {
            return ResampleWeights.interpolating(in, out, x -> keys(x, -0.75));
        }
    },
    /**
     * Keys' cubic with a = -0.5, widened when shrinking; weights that fall outside are dropped and the rest
     * renormalised. Equals torchvision's {@code resize(..., BICUBIC, antialias=True)} on floats.
     */
    ANTIALIASED_BICUBIC {
        @Override
        ResampleWeights weights(int in, int out) {
            return ResampleWeights.antialiased(in, out, 2, x -> keys(x, -0.5));
        }
    },
    /** The triangle, widened when shrinking. Equals torchvision's {@code resize(..., BILINEAR, antialias=True)}. */
    ANTIALIASED_BILINEAR {
        @Override
        ResampleWeights weights(int in, int out) {
            return ResampleWeights.antialiased(in, out, 1, x -> Math.max(0, 1 - Math.abs(x)));
        }
    };

    abstract ResampleWeights weights(int in, int out);

    /**
     * Resamples every plane.
     *
     * @param source planes, or a picture, which is read as its values in [-1,1]
     * @param size wanted width and height; the ratio need not be kept
     * @return new planes of that size
     */
    public Planes apply(PlaneSource source, PixelSize size) {
        PixelSize from = source.size();
        ResampleWeights across = weights(from.width(), size.width());
        ResampleWeights down = weights(from.height(), size.height());
        Planes out = Planes.zeros(source.channels(), size);
        double[] row = new double[from.width()];
        double[][] narrowed = new double[from.height()][size.width()];
        for (int c = 0; c < source.channels(); c++) {
            for (int y = 0; y < from.height(); y++) {
                source.readRow(c, y, row);
                across.apply(row, narrowed[y]);
            }
            for (int y = 0; y < size.height(); y++) {
                down.sumRows(y, narrowed, out.values(), (c * size.height() + y) * size.width());
            }
        }
        return out;
    }

    /** Keys' cubic convolution kernel; 1 at 0, 0 at all other integers. */
    private static double keys(double at, double a) {
        double x = Math.abs(at);
        if (x < 1) {
            return ((a + 2) * x - (a + 3)) * x * x + 1;
        }
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    }
}
