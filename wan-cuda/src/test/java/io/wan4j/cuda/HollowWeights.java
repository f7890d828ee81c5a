package io.wan4j.cuda;

import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredAdapter;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.WeightSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Has every tensor that is asked for, of zeros: layers of the transformer's blocks in one format, all else in BF16.
 *
 * @param blocks format of the blocks' layers
 * @param loraRank rank of a LoRA beside each of them; 0 for none
 */
record HollowWeights(Format blocks, int loraRank) implements WeightSource {
    private static final Pattern BLOCK_LINEAR =
            Pattern.compile("blocks\\.\\d+\\.(self_attn\\.[qkvo]|cross_attn\\.(q|k|v|o|k_img|v_img)|ffn\\.[02])");

    @Override
    public Set<String> names() {
        return Set.of();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        return Optional.empty();
    }

    @Override
    public StoredTensor get(String name, Shape expected) {
        return new Nothing(name, expected, Format.BF16);
    }

    @Override
    public StoredWeight weight(String layer, Shape expected) {
        if (!blocks.isCode() || !BLOCK_LINEAR.matcher(layer).matches()) {
            return StoredWeight.dense(get(layer + ".weight", expected));
        }
        return new StoredWeight(
                new Nothing(layer, expected, blocks),
                Optional.of(new Nothing(layer + "_scale", Shape.of(expected.dim(0), 1), Format.F32)),
                ActivationMode.DYNAMIC_8BIT);
    }

    @Override
    public List<StoredAdapter> adapters(String layer, Shape weight) {
        if (loraRank == 0 || !BLOCK_LINEAR.matcher(layer).matches()) {
            return List.of();
        }
        return List.of(new StoredAdapter(
                new Nothing(layer + ".down", Shape.of(loraRank, weight.dim(1)), Format.BF16),
                new Nothing(layer + ".up", Shape.of(weight.dim(0), loraRank), Format.BF16),
                1));
    }

    @Override
    public String location() {
        return "nowhere";
    }

    /** A tensor of zeros. */
    private record Nothing(String name, Shape shape, Format format) implements StoredTensor {
        private static final ByteBuffer ZEROS =
                ByteBuffer.allocateDirect(32 << 20).asReadOnlyBuffer();

        @Override
        public String location() {
            return "nowhere";
        }

        @Override
        public ByteBuffer read(long offset, long length) {
            int count = Math.toIntExact(length);
            ByteBuffer zeros = count <= ZEROS.capacity() ? ZEROS.slice(0, count) : ByteBuffer.allocate(count);
            return zeros.order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
