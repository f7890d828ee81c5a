package io.wan4j.media;

/** What {@link Resize} can read: {@link Planes} as they are, a {@link Picture} as its values in [-1,1]. */
public sealed interface PlaneSource permits Planes, Picture {
    /** Number of planes. */
    int channels();

    /** Width and height of each plane. */
    PixelSize size();

    /**
     * Copies one row.
     *
     * @param channel which plane
     * @param y which row
     * @param into receives {@code size().width()} values
     */
    void readRow(int channel, int y, double[] into);
}
