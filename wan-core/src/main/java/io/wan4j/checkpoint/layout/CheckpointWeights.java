package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.HeapBytes;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.WeightSource;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The weights of one component by canonical name, with a note of every tensor that was asked for, so that {@link
 * #verifyAllRead} can name what a model left unread. Thread-safe.
 */
public final class CheckpointWeights implements WeightSource {
    private static final String SCALE = ".weight_scale";
    /** No weight of a trained model comes near: scales that stand for larger ones are damaged or reciprocals. */
    private static final float LARGEST = 4096;

    private static final float LARGEST_E4M3 = 448;

    private final Map<String, CheckpointTensor> tensors;
    private final String location;
    private final Quantisation quantisation;
    private final ActivationMode activations;
    private final Set<String> read = ConcurrentHashMap.newKeySet();

    private CheckpointWeights(
            Map<String, CheckpointTensor> tensors,
            String location,
            Quantisation quantisation,
            ActivationMode activations) {
        this.tensors = tensors;
        this.location = location;
        this.quantisation = quantisation;
        this.activations = activations;
    }

    /** Weights of tensors with canonical names; scales are {@code X.weight_scale} beside {@code X.weight}. */
    public static CheckpointWeights of(Map<String, CheckpointTensor> tensors, String location) {
        Quantisation scheme = Quantisation.of(tensors);
        return new CheckpointWeights(Map.copyOf(tensors), location, scheme, scheme.activations());
    }

    /** The same weights, with another treatment of the inputs of quantised layers; nothing is read yet. */
    public CheckpointWeights withActivations(ActivationMode mode) {
        return new CheckpointWeights(tensors, location, quantisation, mode);
    }

    /** How the linear weights are stored. */
    public Quantisation quantisation() {
        return quantisation;
    }

    /** All tensors by canonical name, scales included; looking at them counts as no use. */
    public Map<String, CheckpointTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        return Optional.ofNullable(use(name));
    }

    @Override
    public String location() {
        return location;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Codes without a scale are refused where the checkpoint has scales for others, and stand for themselves where it
     * has none. E4M3 codes are checked for NaN when they are read.
     */
    @Override
    public StoredWeight weight(String layer, Shape expected) {
        get(layer + ".weight", expected);
        CheckpointTensor values = used(layer + ".weight");
        CheckpointTensor scale = use(layer + SCALE);
        if (!values.format().isCode()) {
            if (scale != null) {
                throw new CheckpointException(scale.name() + ": expected beside F8_E4M3 or I8 codes, got it beside "
                        + values.format() + " in " + values.location());
            }
            return StoredWeight.dense(values);
        }
        CheckpointTensor codes =
                values.format() == Format.I8 ? values : values.through(bytes -> new FiniteCodes(values.name(), bytes));
        if (scale != null) {
            checkScale(values, scale);
            return new StoredWeight(codes, Optional.of(scale), activations);
        }
        if (quantisation != Quantisation.FP8_PLAIN) {
            throw new CheckpointException(layer + SCALE + ": expected a scale for the " + values.format() + " codes of "
                    + values.name() + ", but there is none in " + values.location());
        }
        return new StoredWeight(codes, Optional.of(one(layer, values)), ActivationMode.UNQUANTISED);
    }

    /**
     * Fails if a tensor was not asked for.
     *
     * @param ignored canonical names that the model is known not to use
     * @throws CheckpointException naming unread tensors and their files
     */
    public void verifyAllRead(Predicate<String> ignored) {
        List<CheckpointTensor> unread = tensors.values().stream()
                .filter(tensor -> !read.contains(tensor.name()))
                .filter(tensor -> !ignored.test(tensor.name()))
                .sorted((a, b) -> a.name().compareTo(b.name()))
                .toList();
        if (!unread.isEmpty()) {
            CheckpointTensor first = unread.get(0);
            String others = unread.size() == 1
                    ? ""
                    : " and " + (unread.size() - 1) + " more, such as "
                            + unread.get(unread.size() - 1).name();
            throw new CheckpointException(first.name() + others + ": expected only tensors that the model uses, got "
                    + first.shape() + " " + first.format() + " in " + first.location()
                    + "; is this the checkpoint of another model?");
        }
    }

    private @Nullable CheckpointTensor use(String name) {
        CheckpointTensor tensor = tensors.get(name);
        if (tensor != null) {
            read.add(name);
        }
        return tensor;
    }

    private CheckpointTensor used(String name) {
        CheckpointTensor tensor = use(name);
        if (tensor == null) {
            throw new CheckpointException(name + ": expected, but there is no such tensor in " + location);
        }
        return tensor;
    }

    private static void checkScale(CheckpointTensor codes, CheckpointTensor scale) {
        long rows = codes.shape().dim(0);
        long count = scale.shape().count();
        boolean perRow =
                count == rows && scale.shape().rank() >= 1 && scale.shape().dim(0) == rows;
        if (!scale.format().isFloat() || !(count == 1 || perRow)) {
            throw new CheckpointException(scale.name() + ": expected [" + rows + ",1] or one scale for codes of "
                    + codes.shape() + ", got " + scale.shape() + " " + scale.format() + " in " + scale.location());
        }
        float largest = codes.format() == Format.I8 ? LARGEST / Byte.MAX_VALUE : LARGEST / LARGEST_E4M3;
        float[] values = scale.toFloats();
        for (int i = 0; i < values.length; i++) {
            if (!(values[i] > 0) || Float.isInfinite(values[i])) {
                throw new CheckpointException(scale.name() + ": expected finite scales above 0, got " + values[i]
                        + " at row " + i + " in " + scale.location());
            }
            if (values[i] > largest) {
                throw new CheckpointException(scale.name() + ": expected scales up to " + largest
                        + ", as for weights up to " + LARGEST + ", got " + values[i] + " at row " + i + " in "
                        + scale.location()
                        + "; the file is damaged, or holds reciprocals of scales");
            }
        }
    }

    private static CheckpointTensor one(String layer, CheckpointTensor values) {
        byte[] one = {0, 0, (byte) 0x80, 0x3F};
        return new CheckpointTensor(layer + SCALE, Shape.of(1), Format.F32, new HeapBytes(one, values.path()));
    }
}
