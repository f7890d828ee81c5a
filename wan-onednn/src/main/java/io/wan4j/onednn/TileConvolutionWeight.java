package io.wan4j.onednn;

import io.wan4j.spi.Convolution;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;

/**
 * The order of a weight that {@link TileConvolutionCode} reads: for each 32 output channels, tap in time, tap in rows and
 * chunk of channels, the tiles of its taps in columns and slices of 32 channels; two tiles of 16 output channels each,
 * with 16 rows of channel pairs.
 *
 * @param out output channels
 * @param in input channels
 * @param time taps in time
 * @param space taps in rows, and in columns
 * @param slices of 32 channels in a chunk
 */
record TileConvolutionWeight(int out, int in, int time, int space, int slices) {
    /** Tile pairs that share the first cache with the pixels. */
    private static final int PAIRS = 18;

    private static final int SLICE = 32;
    private static final int PAIR = 2 * TileConvolutionCode.TILE;

    static TileConvolutionWeight of(Convolution layer) {
        Shape w = layer.weight().shape();
        int all = Math.toIntExact(w.dim(1) / SLICE);
        int space = Math.toIntExact(w.dim(3));
        int slices = Math.min(all, Math.max(1, PAIRS / space));
        while (all % slices != 0) {
            slices--;
        }
        return new TileConvolutionWeight(
                Math.toIntExact(w.dim(0)), Math.toIntExact(w.dim(1)), Math.toIntExact(w.dim(2)), space, slices);
    }

    /** Chunks of channels. */
    int chunks() {
        return in / SLICE / slices;
    }

    /** Groups of 32 output channels. */
    int groups() {
        return out / TileConvolutionCode.BLOCK;
    }

    /** Bytes of a chunk's channels in a pixel. */
    long chunkPixelBytes() {
        return (long) slices * SLICE * Short.BYTES;
    }

    private int chunkBytes() {
        return space * slices * PAIR;
    }

    /** Bytes from the weight's start to the tiles of a chunk. */
    long offset(int group, int frame, int row, int chunk) {
        return ((((long) group * time + frame) * space + row) * chunks() + chunk) * chunkBytes();
    }

    long bytes() {
        return offset(groups(), 0, 0, 0);
    }

    /** Packs a weight [out, in, time, space, space]. */
    void pack(Workers workers, StoredTensor values, long target) {
        int taps = time * space * space;
        int line = in * taps;
        int size = values.format().bytes();
        workers.run(groups(), (worker, group) -> {
            int count = TileConvolutionCode.BLOCK * line;
            float[] rows = worker.floats(0, count);
            FloatCodec.decode(
                    values.format(),
                    values.read((long) group * count * size, (long) count * size)
                            .slice(),
                    0,
                    rows,
                    0,
                    count);
            float[] tiles = worker.floats(1, count);
            int at = 0;
            for (int frameRow = 0; frameRow < time * space; frameRow++) {
                for (int chunk = 0; chunk < chunks(); chunk++) {
                    for (int column = 0; column < space; column++) {
                        int tap = frameRow * space + column;
                        for (int slice = 0; slice < slices; slice++) {
                            int channel = (chunk * slices + slice) * SLICE;
                            at = tiles(rows, line, channel * taps + tap, taps, tiles, at);
                        }
                    }
                }
            }
            short[] halves = worker.halves(count);
            View view = new View(target + offset(group, 0, 0, 0), count, io.wan4j.tensor.Format.BF16);
            view.write(0, tiles, 0, count, worker.lanes(), halves);
        });
    }

    /** Two tiles: 32 channels, {@code step} elements apart, of 32 rows. */
    private static int tiles(float[] rows, int line, int from, int step, float[] tiles, int start) {
        int at = start;
        for (int half = 0; half < 2; half++) {
            for (int pair = 0; pair < 16; pair++) {
                for (int o = 0; o < 16; o++) {
                    int first = (half * 16 + o) * line + from + 2 * pair * step;
                    tiles[at++] = rows[first];
                    tiles[at++] = rows[first + step];
                }
            }
        }
        return at;
    }
}
