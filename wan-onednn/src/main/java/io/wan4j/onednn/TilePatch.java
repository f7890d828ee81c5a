package io.wan4j.onednn;

import io.wan4j.tensor.Shape;
import java.nio.ByteBuffer;

/** An area of a convolution's result: the pixels under it with their borders, and the arguments of the machine code. */
final class TilePatch {
    private static final int BLOCK = TileConvolutionCode.BLOCK;
    /** Pixels behind a patch that the last tiles may read. */
    private static final long SLACK = 64;

    private final TileConvolution.Call call;
    private final TileConvolution.Area area;
    private final int borders;
    /** Pixels of a row with its borders. */
    private final long width;

    private final long frameBytes;
    private final long pixels;
    private final long argumentsAt;
    private final ByteBuffer arguments;
    private final float[] bias;

    TilePatch(Worker worker, TileConvolution.Call call, TileConvolution.Area area) {
        this.call = call;
        this.area = area;
        this.borders = call.order().space() - 1;
        this.width = area.columns() + borders;
        this.frameBytes = (area.rows() + borders) * width * call.pixelBytes();
        this.pixels = worker.nativeScratch(Worker.Piece.LEFT, call.seen() * frameBytes + SLACK * call.pixelBytes());
        int chunks = call.seen() * call.order().space() * call.order().chunks();
        int bytes = TileConvolutionCode.CHUNK_LIST + chunks * TileConvolutionCode.CHUNK;
        this.argumentsAt = worker.nativeScratch(Worker.Piece.SECOND, bytes);
        this.arguments = View.map(argumentsAt, bytes);
        this.bias = worker.floats(0, call.order().out());
        new View(call.layer().bias()).getFloats(0, bias, 0, call.order().out());
        long blocks = (area.rows() * width - borders + BLOCK - 1) / BLOCK;
        arguments.putLong(TileConvolutionCode.CHUNKS, chunks);
        arguments.putLong(TileConvolutionCode.BLOCKS, blocks);
        arguments.putLong(
                TileConvolutionCode.SUMS_AT,
                worker.nativeScratch(Worker.Piece.PRODUCT, blocks * BLOCK * TileConvolutionCode.SUMS));
        result();
        configureTiles();
    }

    private void result() {
        Shape out = call.out().shape();
        long step = out.dim(3) * call.out().format().bytes();
        arguments.putLong(TileConvolutionCode.ROWS, area.rows());
        arguments.putLong(TileConvolutionCode.COLUMNS, area.columns());
        arguments.putLong(TileConvolutionCode.OUT_STEP, step);
        arguments.putLong(TileConvolutionCode.OUT_SKIP, (out.dim(2) - area.columns()) * step);
        arguments.putLong(TileConvolutionCode.SUMS_SKIP, (long) borders * TileConvolutionCode.SUMS);
    }

    /** Palette 1: eight tiles of 16 rows of 64 bytes. */
    private void configureTiles() {
        for (int i = 0; i < 64; i++) {
            arguments.put(TileConvolutionCode.CONFIGURATION + i, (byte) 0);
        }
        arguments.put(TileConvolutionCode.CONFIGURATION, (byte) 1);
        for (int tile = 0; tile < 8; tile++) {
            arguments.putShort(TileConvolutionCode.CONFIGURATION + 16 + 2 * tile, (short) 64);
            arguments.put(TileConvolutionCode.CONFIGURATION + 48 + tile, (byte) 16);
        }
    }

    void run(MachineCode code) {
        int before = call.layer().geometry().before();
        Frames.Window window =
                new Frames.Window(area.row() - before, area.rows() + borders, area.column() - before, width);
        long first = area.frame() * call.layer().geometry().strideTime();
        for (int f = 0; f < call.seen(); f++) {
            call.frames().gather(first + f, window, pixels + f * frameBytes);
        }
        Shape out = call.out().shape();
        long corner = ((area.frame() * out.dim(1) + area.row()) * out.dim(2) + area.column()) * out.dim(3);
        for (int group = 0; group < call.order().groups(); group++) {
            int channel = group * BLOCK;
            for (int i = 0; i < BLOCK; i++) {
                arguments.putFloat(TileConvolutionCode.BIAS + i * Float.BYTES, bias[channel + i]);
            }
            arguments.putLong(
                    TileConvolutionCode.OUT,
                    NativeStorage.address(call.out())
                            + (corner + channel) * call.out().format().bytes());
            list(group);
            code.call(argumentsAt);
        }
    }

    /** The chunks of a group: where their pixels and weights begin. */
    private void list(int group) {
        TileConvolutionWeight order = call.order();
        int entry = TileConvolutionCode.CHUNK_LIST;
        for (int f = 0; f < call.seen(); f++) {
            for (int row = 0; row < order.space(); row++) {
                for (int chunk = 0; chunk < order.chunks(); chunk++) {
                    arguments.putLong(
                            entry,
                            pixels
                                    + f * frameBytes
                                    + row * width * call.pixelBytes()
                                    + chunk * order.chunkPixelBytes());
                    arguments.putLong(entry + 8, call.weight() + order.offset(group, call.missing() + f, row, chunk));
                    entry += TileConvolutionCode.CHUNK;
                }
            }
        }
    }
}
