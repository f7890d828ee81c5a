package io.wan4j.testkit;

import io.wan4j.spi.Convolution.Geometry;
import java.util.List;
import java.util.stream.Stream;

/**
 * The sizes of the kernel contract: small, odd, at and around the edges of tiles; each list's small part first. The full
 * sizes of Wan are in {@link WanShapes}.
 */
public final class ContractShapes {
    private ContractShapes() {}

    /**
     * A linear layer.
     *
     * @param rows tokens, M
     * @param out output columns, N
     * @param in input columns, K
     */
    public record LinearShape(int rows, int out, int in) {
        @Override
        public String toString() {
            return rows + "x" + in + " by " + out;
        }
    }

    /**
     * Rows of a norm.
     *
     * @param rows tokens
     * @param columns channels
     */
    public record RowShape(int rows, int columns) {
        @Override
        public String toString() {
            return rows + "x" + columns;
        }
    }

    /**
     * Attention.
     *
     * @param queries rows of q
     * @param keys rows of each context
     * @param heads number of heads
     * @param headDim columns of a head
     */
    public record AttentionShape(int queries, List<Integer> keys, int heads, int headDim) {
        @Override
        public String toString() {
            return queries + " queries, keys " + keys + ", " + heads + " heads of " + headDim;
        }
    }

    /**
     * A convolution.
     *
     * @param past frames before
     * @param frames frames of x
     * @param height rows
     * @param width columns
     * @param in input channels
     * @param out output channels
     * @param kernelTime kernel extent in time
     * @param kernelSpace kernel extent in rows and columns
     * @param geometry strides and padding
     */
    public record ConvolutionShape(
            int past,
            int frames,
            int height,
            int width,
            int in,
            int out,
            int kernelTime,
            int kernelSpace,
            Geometry geometry) {
        @Override
        public String toString() {
            return past + "+" + frames + "x" + height + "x" + width + "x" + in + " by " + out + ", kernel " + kernelTime
                    + "x" + kernelSpace + "x" + kernelSpace + ", strides " + geometry.strideTime() + "/"
                    + geometry.strideSpace() + ", padding " + geometry.before() + "/" + geometry.after();
        }
    }

    /** Linear layers; {@code larger} adds those with more than one tile in every direction. */
    public static List<LinearShape> linear(boolean larger) {
        List<LinearShape> small = List.of(
                new LinearShape(1, 1, 1),
                new LinearShape(1, 5, 3),
                new LinearShape(3, 1, 7),
                new LinearShape(7, 33, 65),
                new LinearShape(16, 64, 32),
                new LinearShape(17, 48, 130),
                new LinearShape(2, 16, 257));
        return larger
                ? concat(
                        small,
                        List.of(
                                new LinearShape(65, 129, 96),
                                new LinearShape(130, 72, 300),
                                new LinearShape(1, 384, 512),
                                new LinearShape(257, 64, 128)))
                : small;
    }

    /** Rows of norms. */
    public static List<RowShape> rows(boolean larger) {
        List<RowShape> small = List.of(
                new RowShape(1, 1),
                new RowShape(1, 7),
                new RowShape(3, 33),
                new RowShape(5, 128),
                new RowShape(2, 258));
        return larger ? concat(small, List.of(new RowShape(66, 384), new RowShape(3, 5120))) : small;
    }

    /** Attention, with the head dimensions of the DiT 128, umT5 64, CLIP 80 and the VAE 384 among them. */
    public static List<AttentionShape> attention(boolean larger) {
        List<AttentionShape> small = List.of(
                new AttentionShape(1, List.of(1), 1, 8),
                new AttentionShape(3, List.of(5), 2, 16),
                new AttentionShape(17, List.of(33), 3, 32),
                new AttentionShape(5, List.of(7, 3), 2, 128),
                new AttentionShape(4, List.of(9), 2, 80),
                new AttentionShape(6, List.of(130), 2, 128),
                new AttentionShape(7, List.of(1), 2, 64));
        return larger
                ? concat(
                        small,
                        List.of(
                                new AttentionShape(65, List.of(130), 2, 64),
                                new AttentionShape(70, List.of(257, 65), 2, 128),
                                new AttentionShape(40, List.of(40), 1, 384),
                                new AttentionShape(3, List.of(700), 2, 24)))
                : small;
    }

    /** Convolutions, with all geometries of the VAE. */
    public static List<ConvolutionShape> convolution(boolean larger) {
        Geometry down = new Geometry(1, 2, 0, 1);
        Geometry everyOther = new Geometry(2, 1, 0, 0);
        List<ConvolutionShape> small = List.of(
                new ConvolutionShape(0, 1, 1, 1, 1, 1, 1, 1, Geometry.POINT),
                new ConvolutionShape(0, 2, 3, 5, 7, 5, 1, 1, Geometry.POINT),
                new ConvolutionShape(2, 1, 4, 3, 3, 6, 3, 3, Geometry.SAME_3),
                new ConvolutionShape(2, 4, 3, 5, 6, 9, 3, 3, Geometry.SAME_3),
                new ConvolutionShape(0, 3, 2, 2, 4, 3, 3, 3, Geometry.SAME_3),
                new ConvolutionShape(0, 1, 4, 3, 3, 6, 3, 3, Geometry.SAME_3),
                new ConvolutionShape(1, 1, 3, 5, 6, 5, 3, 3, Geometry.SAME_3),
                new ConvolutionShape(0, 2, 6, 4, 5, 3, 1, 3, down),
                new ConvolutionShape(0, 1, 5, 7, 3, 4, 1, 3, down),
                new ConvolutionShape(2, 1, 3, 3, 6, 12, 3, 1, Geometry.POINT),
                new ConvolutionShape(1, 4, 2, 3, 5, 5, 3, 1, everyOther),
                new ConvolutionShape(0, 2, 3, 4, 5, 8, 1, 3, Geometry.SAME_3),
                new ConvolutionShape(2, 2, 5, 6, 8, 16, 3, 3, Geometry.SAME_3),
                new ConvolutionShape(1, 1, 3, 4, 8, 16, 3, 3, Geometry.SAME_3),
                new ConvolutionShape(0, 1, 6, 5, 16, 8, 1, 3, down));
        return larger
                ? concat(
                        small,
                        List.of(
                                new ConvolutionShape(2, 1, 5, 9, 32, 70, 3, 3, Geometry.SAME_3),
                                new ConvolutionShape(2, 1, 3, 9, 96, 40, 3, 3, Geometry.SAME_3),
                                new ConvolutionShape(2, 1, 11, 75, 96, 96, 3, 3, Geometry.SAME_3),
                                new ConvolutionShape(1, 1, 9, 37, 192, 64, 3, 3, Geometry.SAME_3),
                                new ConvolutionShape(0, 1, 17, 10, 32, 32, 3, 3, Geometry.SAME_3),
                                new ConvolutionShape(2, 1, 5, 13, 64, 128, 3, 1, Geometry.POINT),
                                new ConvolutionShape(0, 2, 10, 67, 384, 32, 1, 3, Geometry.SAME_3),
                                new ConvolutionShape(0, 1, 21, 34, 64, 96, 1, 3, down),
                                new ConvolutionShape(0, 1, 12, 10, 48, 48, 1, 3, down)))
                : small;
    }

    private static <T> List<T> concat(List<T> first, List<T> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }
}
