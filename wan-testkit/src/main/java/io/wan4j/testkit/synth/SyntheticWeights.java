package io.wan4j.testkit.synth;

import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.WeightSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The weights of a synthetic network without a file: every tensor is made when it is read. */
public final class SyntheticWeights implements WeightSource {
    private final Map<String, SyntheticTensor> tensors = new LinkedHashMap<>();
    private final SyntheticBytes bytes;

    private SyntheticWeights(List<SyntheticTensor> tensors, long seed) {
        tensors.forEach(tensor -> this.tensors.put(tensor.spec().name(), tensor));
        this.bytes = new SyntheticBytes(seed);
    }

    /** A transformer's weights, its block linears in an encoding. */
    public static SyntheticWeights transformer(Map<String, Shape> catalog, WeightEncoding encoding, long seed) {
        return new SyntheticWeights(
                catalog.entrySet().stream()
                        .flatMap(entry ->
                                SyntheticTensor.transformer(entry.getKey(), entry.getValue(), encoding).stream())
                        .toList(),
                seed);
    }

    /** Weights of a network in one floating format. */
    public static SyntheticWeights dense(Map<String, Shape> catalog, Format format, long seed) {
        return new SyntheticWeights(
                catalog.entrySet().stream()
                        .flatMap(entry -> SyntheticTensor.dense(entry.getKey(), entry.getValue(), format).stream())
                        .toList(),
                seed);
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        return Optional.ofNullable(tensors.get(name)).map(Made::new);
    }

    @Override
    public StoredWeight weight(String layer, Shape expected) {
        StoredTensor values = get(layer + ".weight", expected);
        Optional<StoredTensor> scale = find(layer + SyntheticTensor.SCALE);
        return scale.isPresent()
                ? new StoredWeight(values, scale, ActivationMode.DYNAMIC_8BIT)
                : StoredWeight.dense(values);
    }

    @Override
    public String location() {
        return "synthetic weights";
    }

    /** A tensor that is made piece by piece. */
    private final class Made implements StoredTensor {
        private final SyntheticTensor tensor;

        Made(SyntheticTensor tensor) {
            this.tensor = tensor;
        }

        @Override
        public String name() {
            return tensor.spec().name();
        }

        @Override
        public Shape shape() {
            return tensor.spec().shape();
        }

        @Override
        public Format format() {
            return tensor.spec().format();
        }

        @Override
        public String location() {
            return "synthetic weights";
        }

        @Override
        public ByteBuffer read(long offset, long length) {
            ByteBuffer result =
                    ByteBuffer.allocateDirect(Math.toIntExact(length)).order(ByteOrder.LITTLE_ENDIAN);
            while (result.hasRemaining()) {
                long at = offset + result.position();
                ByteBuffer piece = bytes.piece(tensor, at / SyntheticBytes.PIECE);
                piece.position((int) (at % SyntheticBytes.PIECE));
                piece.limit(Math.min(piece.limit(), piece.position() + result.remaining()));
                result.put(piece);
            }
            return result.flip().order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
