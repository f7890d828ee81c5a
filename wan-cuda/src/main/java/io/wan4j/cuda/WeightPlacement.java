package io.wan4j.cuda;

import io.wan4j.error.UnsupportedException;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.nio.ByteBuffer;

/**
 * Brings stored weights to the device. 8-bit codes travel unchanged; floating weights become the compute format; rows of
 * matrix products are padded with zeros to whole 16-byte pieces, as the kernels read them.
 */
final class WeightPlacement {
    /** The unit of the kernels' global reads. */
    static final int PIECE = 16;

    private final Staging staging;
    private final Format compute;

    /** Where weights find memory. */
    interface Room {
        /** So many bytes with rows of this pitch, for what is named {@code what}. */
        DeviceStorage storage(long count, int pitch, String what);
    }

    WeightPlacement(Staging staging, Format compute) {
        this.staging = staging;
        this.compute = compute;
    }

    static int padded(long rowBytes) {
        return Math.toIntExact((rowBytes + PIECE - 1) / PIECE * PIECE);
    }

    Weight place(StoredWeight stored, WeightRole role, Room room) {
        return switch (role) {
            case LINEAR -> linear(stored, room);
            case CONVOLUTION -> convolution(stored, room);
            case TABLE -> table(stored, room);
        };
    }

    private Weight linear(StoredWeight stored, Room room) {
        StoredTensor values = stored.values();
        if (stored.scale().isEmpty()) {
            requireFloat(values);
            return new Dense(rows(values, compute, room));
        }
        return new Scaled(
                rows(values, values.format(), room), scales(stored.scale().get(), room), stored.activations());
    }

    private static void requireFloat(StoredTensor values) {
        if (!values.format().isFloat()) {
            throw new UnsupportedException(
                    values.name() + ": expected a floating format, or 8-bit codes with scales, got " + values.format()
                            + " in " + values.location());
        }
    }

    /** A matrix with padded rows, or dense F32. */
    private Tensor rows(StoredTensor values, Format format, Room room) {
        long count = values.shape().dim(0);
        int columns = Math.toIntExact(values.shape().count() / Math.max(1, count));
        int rowBytes = columns * format.bytes();
        int pitch = format == Format.F32 ? rowBytes : padded(rowBytes);
        DeviceStorage storage =
                room.storage(count * pitch, pitch == rowBytes ? 0 : pitch, values.name() + " " + values.shape());
        int stored = columns * values.format().bytes();
        Rows rows = new Rows(columns, values.format(), format);
        if (pitch == rowBytes && values.format() == format) {
            staging.upload(
                    storage.address(),
                    count * pitch,
                    Math.max(1, pitch),
                    (from, bytes, target) -> target.put(0, values.read(from, bytes), 0, bytes));
        } else {
            staging.upload(storage.address(), count * pitch, pitch, (from, bytes, target) -> {
                int some = bytes / pitch;
                ByteBuffer source = values.read(from / pitch * stored, (long) some * stored);
                for (int row = 0; row < some; row++) {
                    rows.convert(source, row * stored, target, row * pitch);
                    zero(target, row * pitch + rowBytes, pitch - rowBytes);
                }
            });
        }
        return Tensor.of(values.shape(), format, storage);
    }

    private static void zero(ByteBuffer target, int from, int count) {
        for (int i = 0; i < count; i++) {
            target.put(from + i, (byte) 0);
        }
    }

    /** Converts rows of one length between formats. */
    private static final class Rows {
        private final int columns;
        private final Format from;
        private final Format to;
        private final float[] values;

        Rows(int columns, Format from, Format to) {
            this.columns = columns;
            this.from = from;
            this.to = to;
            this.values = from == to ? new float[0] : new float[columns];
        }

        void convert(ByteBuffer source, int sourceAt, ByteBuffer target, int targetAt) {
            if (from == to) {
                target.put(targetAt, source, sourceAt, columns * from.bytes());
            } else {
                FloatCodec.decode(from, source, sourceAt, values, 0, columns);
                FloatCodec.encode(to, values, 0, columns, target, targetAt);
            }
        }
    }

    private Tensor scales(StoredTensor scale, Room room) {
        return rows(scale.reshape(1, scale.shape().count()), Format.F32, room)
                .reshape(scale.shape().count());
    }

    /** [out, in, kt, kh, kw] to [out, tap, in], in padded to 8 channels in BF16. */
    private Weight convolution(StoredWeight stored, Room room) {
        StoredTensor values = stored.values();
        requireFloat(values);
        Shape shape = values.shape();
        int channels = Math.toIntExact(shape.dim(1));
        int taps = Math.toIntExact(shape.dim(2) * shape.dim(3) * shape.dim(4));
        int padded = compute == Format.F32 ? channels : (channels + 7) / 8 * 8;
        int pitch = taps * padded * compute.bytes();
        int storedRow = taps * channels * values.format().bytes();
        DeviceStorage storage = room.storage(shape.dim(0) * pitch, pitch, values.name() + " " + shape);
        float[] source = new float[taps * channels];
        float[] ordered = new float[taps * padded];
        staging.upload(storage.address(), shape.dim(0) * pitch, pitch, (from, bytes, target) -> {
            for (int row = 0; row < bytes / pitch; row++) {
                ByteBuffer one = values.read((from / pitch + row) * storedRow, storedRow);
                FloatCodec.decode(values.format(), one, 0, source, 0, source.length);
                for (int tap = 0; tap < taps; tap++) {
                    for (int c = 0; c < channels; c++) {
                        ordered[tap * padded + c] = source[c * taps + tap];
                    }
                }
                FloatCodec.encode(compute, ordered, 0, ordered.length, target, row * pitch);
            }
        });
        return new Dense(Tensor.of(shape, compute, storage));
    }

    private Weight table(StoredWeight stored, Room room) {
        StoredTensor values = stored.values();
        requireFloat(values);
        if (stored.scale().isPresent()) {
            throw new UnsupportedException(values.name() + ": expected a table in a floating format, got "
                    + values.format() + " codes with scales in " + values.location());
        }
        Format format = switch (values.format()) {
            case F32, F64 -> Format.F32;
            case F16 -> Format.F16;
            default -> Format.BF16;
        };
        DeviceStorage storage =
                room.storage(values.shape().count() * format.bytes(), 0, values.name() + " " + values.shape());
        int columns = Math.toIntExact(values.shape().columns());
        int rowBytes = columns * format.bytes();
        int storedRow = columns * values.format().bytes();
        Rows rows = new Rows(columns, values.format(), format);
        staging.upload(storage.address(), storage.bytes(), rowBytes, (from, bytes, target) -> {
            int some = bytes / rowBytes;
            ByteBuffer source = values.read(from / rowBytes * storedRow, (long) some * storedRow);
            for (int row = 0; row < some; row++) {
                rows.convert(source, row * storedRow, target, row * rowBytes);
            }
        });
        return new Dense(Tensor.of(values.shape(), format, storage));
    }
}
