package io.wan4j.onednn;

import io.wan4j.spi.Linear;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;

/** Brings the input of a linear layer into a format that its weight can be multiplied with. */
final class LeftOperands {
    /** Bytes between rows. Rows a multiple of 1024 bytes apart would share a few sets of the first cache. */
    private static final long SPREAD = 64;

    private static final long SPREAD_FROM_ROWS = 8000;
    private static final long SPREAD_FROM_COLUMNS = 8192;

    private final Workers workers;
    private final Format compute;
    private final Scratch main;
    private final Scratch second;
    private final Scratch floats;
    private final Scratch rowScales;
    private final Optional<RowCode> code;

    /** @param code that quantises, where there is some */
    LeftOperands(Workers workers, OneDnnMemory memory, Format compute, Optional<RowCode> code) {
        this.code = code;
        this.rowScales = new Scratch(memory);
        this.workers = workers;
        this.compute = compute;
        this.main = new Scratch(memory);
        this.second = new Scratch(memory);
        this.floats = new Scratch(memory);
    }

    /** Rows {@code from .. to} of x for this layer; valid until the next call. */
    Left prepare(Tensor x, Linear layer, Packed weight, long from, long to) {
        if (layer.weight() instanceof Scaled scaled && scaled.activations() == ActivationMode.DYNAMIC_8BIT) {
            return quantised(x, scaled.codes().format(), weight.order(), from, to);
        }
        Format order = weight.order();
        long in = x.shape().columns();
        if (x.format() == order) {
            return new Left(NativeStorage.address(x), order, in, 0, 0, null, 0);
        }
        return order == Format.BF16
                ? split(x, from, to)
                : new Left(asFloats(x, from, to), Format.F32, in, 0, from, null, 0);
    }

    /** Codes with row scales; decoded to the order's format where that is not integers. */
    private Left quantised(Tensor x, Format codes, Format order, long from, long to) {
        int in = Math.toIntExact(x.shape().columns());
        float[] scales = new float[Math.toIntExact(x.shape().rows())];
        if (x.format().isCode()) {
            new View(x.scales().orElseThrow()).getFloats(0, scales, 0, scales.length);
            if (order == codes) {
                return new Left(
                        NativeStorage.address(x),
                        codes,
                        in,
                        0,
                        0,
                        scales,
                        NativeStorage.address(x.scales().orElseThrow()));
            }
        }
        long count = (to - from) * in;
        long address = main.address(count * order.bytes());
        if (code.isPresent() && x.format() == Format.BF16 && order == Format.I8 && in % RowCode.COLUMNS == 0) {
            return coded(x, new Rows(from, to), scales, code.get());
        }
        View source = new View(x);
        View target = new View(address, count, order);
        View quantised = order == codes ? target : new View(second.address(count), count, codes);
        workers.run(LinearKernel.Tiles.pieces(to - from), (worker, piece) -> {
            long start = LinearKernel.Tiles.pieceStart(piece);
            long end = Math.min(to - from, LinearKernel.Tiles.pieceStart(piece + 1));
            if (!x.format().isCode()) {
                float[] row = worker.floats(0, in);
                for (long r = start; r < end; r++) {
                    source.read((from + r) * in, row, 0, in, worker.lanes(), worker.halves(in));
                    scales[(int) (from + r)] = Codes.quantiseRow(worker, row, in, quantised, r);
                }
                if (order != codes) {
                    Codes.decode(worker, quantised, target, start * in, (end - start) * in);
                }
            } else {
                View given = new View(NativeStorage.address(x) + from * in, count, codes);
                Codes.decode(worker, given, target, start * in, (end - start) * in);
            }
        });
        return new Left(address, order, in, 0, from, scales, 0);
    }

    record Rows(long from, long to) {}

    /** Codes and scales by machine code. */
    private Left coded(Tensor x, Rows rows, float[] scales, RowCode code) {
        long in = x.shape().columns();
        long stride = in + SPREAD;
        long address = main.address((rows.to() - rows.from()) * stride);
        View all = new View(
                rowScales.address(x.shape().rows() * Float.BYTES), x.shape().rows(), Format.F32);
        long source = NativeStorage.address(x) + rows.from() * in * Short.BYTES;
        workers.run(LinearKernel.Tiles.pieces(rows.to() - rows.from()), (worker, piece) -> {
            long start = LinearKernel.Tiles.pieceStart(piece);
            long end = Math.min(rows.to() - rows.from(), LinearKernel.Tiles.pieceStart(piece + 1));
            long at = worker.nativeScratch(Worker.Piece.LEFT, RowCode.ARGUMENTS);
            ByteBuffer arguments = RowCode.arguments(at);
            arguments.putLong(RowCode.SOURCE, source + start * in * Short.BYTES);
            arguments.putLong(RowCode.SOURCE_STRIDE, in * Short.BYTES);
            arguments.putLong(RowCode.ROWS, end - start);
            arguments.putLong(RowCode.TURNS, in / RowCode.COLUMNS);
            arguments.putLong(RowCode.OUT, address + start * stride);
            arguments.putLong(RowCode.OUT_STRIDE, stride);
            arguments.putLong(RowCode.ROW_SCALES, all.address() + (rows.from() + start) * Float.BYTES);
            code.quantise(at);
        });
        int count = Math.toIntExact(rows.to() - rows.from());
        all.getFloats(rows.from(), scales, Math.toIntExact(rows.from()), count);
        return new Left(address, Format.I8, stride, 0, rows.from(), scales, all.address());
    }

    /** F32 as the sum of two BF16 values, which leaves 16 significant bits or more. */
    private Left split(Tensor x, long from, long to) {
        int in = Math.toIntExact(x.shape().columns());
        long count = (to - from) * in;
        View source = new View(x);
        View high = new View(main.address(count * Short.BYTES), count, Format.BF16);
        View low = new View(second.address(count * Short.BYTES), count, Format.BF16);
        workers.run(LinearKernel.Tiles.pieces(to - from), (worker, piece) -> {
            Lanes lanes = worker.lanes();
            float[] row = worker.floats(0, in);
            float[] rounded = worker.floats(1, in);
            short[] halves = worker.halves(in);
            long end = Math.min(to - from, LinearKernel.Tiles.pieceStart(piece + 1));
            for (long r = LinearKernel.Tiles.pieceStart(piece); r < end; r++) {
                source.getFloats((from + r) * in, row, 0, in);
                lanes.toBf16(row, 0, halves, 0, in);
                high.putShorts(r * in, halves, 0, in);
                lanes.fromBf16(halves, 0, rounded, 0, in);
                lanes.scale(rounded, 0, in, -1f);
                lanes.add(row, 0, rounded, 0, in);
                low.write(r * in, row, 0, in, lanes, halves);
            }
        });
        return new Left(main.address(0), Format.BF16, in, second.address(0), from, null, 0);
    }

    /** Address of rows {@code from .. to} as F32: where they are, or in scratch. */
    long asFloats(Tensor x, long from, long to) {
        int in = Math.toIntExact(x.shape().columns());
        if (x.format() == Format.F32) {
            return NativeStorage.address(x) + from * in * Float.BYTES;
        }
        long count = (to - from) * in;
        long address = floats.address(count * Float.BYTES);
        View source = new View(x);
        View target = new View(address, count, Format.F32);
        workers.run(LinearKernel.Tiles.pieces(to - from), (worker, piece) -> {
            float[] row = worker.floats(0, in);
            long end = Math.min(to - from, LinearKernel.Tiles.pieceStart(piece + 1));
            for (long r = LinearKernel.Tiles.pieceStart(piece); r < end; r++) {
                source.read((from + r) * in, row, 0, in, worker.lanes(), worker.halves(in));
                target.putFloats(r * in, row, 0, in);
            }
        });
        return address;
    }

    /** Whether so many, so long rows are multiplied sooner from a copy whose rows share no sets of the first cache. */
    static boolean isSpreadWorth(Tensor x) {
        return x.shape().rows() >= SPREAD_FROM_ROWS && x.shape().columns() >= SPREAD_FROM_COLUMNS;
    }

    /** Rows in their own format; valid until the next call. */
    Left asTheyAre(Tensor x, Rows rows) {
        long in = x.shape().columns();
        Format format = x.format();
        if (!isSpreadWorth(x)) {
            return new Left(NativeStorage.address(x), format, in, 0, 0, null, 0);
        }
        long bytes = in * format.bytes();
        long step = bytes + SPREAD;
        long target = main.address((rows.to() - rows.from()) * step);
        long source = NativeStorage.address(x) + rows.from() * bytes;
        workers.run(LinearKernel.Tiles.pieces(rows.to() - rows.from()), (worker, piece) -> {
            long end = Math.min(rows.to() - rows.from(), LinearKernel.Tiles.pieceStart(piece + 1));
            Address to = new Address();
            Address from = new Address();
            for (long r = LinearKernel.Tiles.pieceStart(piece); r < end; r++) {
                Pointer.memcpy(to.at(target + r * step), from.at(source + r * bytes), bytes);
            }
        });
        return new Left(target, format, step / format.bytes(), 0, rows.from(), null, 0);
    }

    Format compute() {
        return compute;
    }

    void trim() {
        main.close();
        second.close();
        floats.close();
        rowScales.close();
    }
}
