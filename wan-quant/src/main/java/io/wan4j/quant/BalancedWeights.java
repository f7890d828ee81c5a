package io.wan4j.quant;

import io.wan4j.checkpoint.quantise.StoredRows;
import io.wan4j.error.UnsupportedException;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.WeightSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A transformer's dense weights with balanced input channels, for INT8: the same function, easier to quantise.
 *
 * <p>The inverse factors go where the input comes from, so they cost nothing at run time: of {@code cross_attn.q} into
 * {@code norm3}, of the two output projections into the value projections before them. The inputs of the other layers
 * come from places that no factor can pass (a modulation that depends on the timestep, GELU): these stay as they are.
 */
public final class BalancedWeights implements WeightSource {
    private static final Pattern LAYER = Pattern.compile("(blocks\\.\\d+\\.)(.*)");
    private static final Set<String> BALANCED = Set.of("self_attn.o", "cross_attn.q", "cross_attn.o");

    private final WeightSource source;
    private final Map<String, float[]> factors;

    /**
     * Balanced weights.
     *
     * @param factors of the input channels, by layer; only for layers that {@link #canBalance}
     */
    public BalancedWeights(WeightSource source, Map<String, float[]> factors) {
        this.source = source;
        this.factors = Map.copyOf(factors);
        factors.keySet().stream()
                .filter(layer -> !canBalance(layer))
                .findFirst()
                .ifPresent(layer -> {
                    throw new UnsupportedException(
                            layer + ": expected a layer whose input can be scaled beforehand, one of " + BALANCED
                                    + " of a block");
                });
    }

    /** Whether the inverse factors of this layer's input can go into the weights before it. */
    public static boolean canBalance(String layer) {
        Matcher matcher = LAYER.matcher(layer);
        return matcher.matches() && BALANCED.contains(matcher.group(2));
    }

    /** Whether a tensor differs from the source's. */
    boolean changes(String name) {
        return columns(name) != null || rows(name) != null;
    }

    /** Layers whose inputs are balanced. */
    Set<String> layers() {
        return factors.keySet();
    }

    @Override
    public Set<String> names() {
        return source.names();
    }

    @Override
    public String location() {
        return source.location();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        return source.find(name).map(tensor -> scaled(name, tensor));
    }

    @Override
    public StoredTensor get(String name, Shape expected) {
        return scaled(name, source.get(name, expected));
    }

    @Override
    public StoredWeight weight(String layer, Shape expected) {
        StoredWeight stored = source.weight(layer, expected);
        return stored.scale().isPresent() ? stored : StoredWeight.dense(scaled(layer + ".weight", stored.values()));
    }

    private StoredTensor scaled(String name, StoredTensor tensor) {
        float[] columns = columns(name);
        float[] rows = rows(name);
        return columns == null && rows == null ? tensor : new ScaledTensor(tensor, columns, rows);
    }

    private float @Nullable [] columns(String name) {
        return name.endsWith(".weight") ? factors.get(name.substring(0, name.length() - ".weight".length())) : null;
    }

    private float @Nullable [] rows(String name) {
        Matcher matcher = LAYER.matcher(name);
        if (!matcher.matches()) {
            return null;
        }
        String block = matcher.group(1);
        return switch (matcher.group(2)) {
            case "norm3.weight", "norm3.bias" -> factors.get(block + "cross_attn.q");
            case "self_attn.v.weight", "self_attn.v.bias" -> factors.get(block + "self_attn.o");
            case "cross_attn.v.weight", "cross_attn.v.bias", "cross_attn.v_img.weight", "cross_attn.v_img.bias" ->
                factors.get(block + "cross_attn.o");
            default -> null;
        };
    }

    /** {@code W[o][i] * columns[i] / rows[o]} in F32, computed when it is read. */
    private record ScaledTensor(StoredTensor base, float @Nullable [] columns, float @Nullable [] rows)
            implements StoredTensor {
        @Override
        public String name() {
            return base.name();
        }

        @Override
        public Shape shape() {
            return base.shape();
        }

        @Override
        public Format format() {
            return Format.F32;
        }

        @Override
        public String location() {
            return base.location();
        }

        @Override
        public ByteBuffer read(long offset, long length) {
            StoredRows stored = new StoredRows(base);
            long rowBytes = (long) stored.columns() * Float.BYTES;
            int first = Math.toIntExact(offset / rowBytes);
            int count = Math.toIntExact((offset + length + rowBytes - 1) / rowBytes) - first;
            float[] values = new float[Math.multiplyExact(count, stored.columns())];
            stored.read(first, count, values);
            for (int r = 0; r < count; r++) {
                for (int i = 0; i < stored.columns(); i++) {
                    float factor = columns == null ? 1 : columns[i];
                    values[r * stored.columns() + i] *= rows == null ? factor : factor / rows[first + r];
                }
            }
            ByteBuffer bytes =
                    ByteBuffer.allocateDirect(Math.toIntExact(count * rowBytes)).order(ByteOrder.LITTLE_ENDIAN);
            FloatCodec.encode(Format.F32, values, 0, values.length, bytes, 0);
            return bytes.slice(Math.toIntExact(offset - first * rowBytes), Math.toIntExact(length))
                    .order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
