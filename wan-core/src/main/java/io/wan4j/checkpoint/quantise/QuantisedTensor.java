package io.wan4j.checkpoint.quantise;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Codes and scales of a dense weight, computed when one of them is first read, on all cores, and kept in memory. */
final class QuantisedTensor {
    private static final int CHUNK = 1 << 22;

    private final StoredTensor source;
    private final RowQuantiser quantiser;
    private @Nullable Made made;

    private record Made(ByteBuffer codes, ByteBuffer scales) {}

    QuantisedTensor(StoredTensor source, WeightScheme scheme) {
        this.source = source;
        this.quantiser = new RowQuantiser(scheme, source.format());
    }

    /** The weight in 8 bit. */
    StoredWeight weight() {
        long scales = quantiser.scheme().byRow() ? source.shape().dim(0) : 1;
        String name = source.name().replaceAll("weight$", "weight_scale");
        return new StoredWeight(
                new Part(
                        source.name(),
                        source.shape(),
                        quantiser.scheme().codes(),
                        source.location(),
                        () -> made().codes()),
                Optional.of(new Part(
                        name, Shape.of(scales, 1), quantiser.scaleFormat(), source.location(), () -> made().scales())),
                quantiser.scheme().activations());
    }

    private synchronized Made made() {
        Made result = made;
        if (result == null) {
            result = make();
            made = result;
        }
        return result;
    }

    private Made make() {
        StoredRows rows = new StoredRows(source);
        int columns = rows.columns();
        float[] scales = new float[quantiser.scheme().byRow() ? rows.rows() : 1];
        int chunk = Math.max(1, Math.min(rows.rows(), CHUNK / Math.max(1, columns)));
        ByteBuffer codes = ByteBuffer.allocateDirect(Math.multiplyExact(rows.rows(), columns));
        float[] values = new float[Math.multiplyExact(chunk, columns)];
        if (!quantiser.scheme().byRow()) {
            float amax = 0;
            for (int first = 0; first < rows.rows(); first += chunk) {
                int count = Math.min(chunk, rows.rows() - first);
                rows.read(first, count, values);
                amax = Math.max(amax, RowQuantiser.amax(values, 0, count * columns));
            }
            scales[0] = quantiser.scale(amax);
        }
        for (int first = 0; first < rows.rows(); first += chunk) {
            int start = first;
            int count = Math.min(chunk, rows.rows() - first);
            rows.read(first, count, values);
            IntStream.range(0, count).parallel().forEach(r -> {
                if (quantiser.scheme().byRow()) {
                    scales[start + r] = quantiser.scale(RowQuantiser.amax(values, r * columns, columns));
                }
                float scale = scales[quantiser.scheme().byRow() ? start + r : 0];
                quantiser.encode(values, r * columns, columns, scale, codes, (start + r) * columns);
            });
        }
        return new Made(codes, encoded(scales));
    }

    private ByteBuffer encoded(float[] scales) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(
                scales.length * quantiser.scaleFormat().bytes());
        FloatCodec.encode(quantiser.scaleFormat(), scales, 0, scales.length, bytes, 0);
        return bytes;
    }

    /** Codes, or scales. */
    private record Part(String name, Shape shape, Format format, String location, Supplier<ByteBuffer> content)
            implements StoredTensor {
        @Override
        public ByteBuffer read(long offset, long length) {
            return content.get()
                    .slice(Math.toIntExact(offset), Math.toIntExact(length))
                    .order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
