package io.wan4j.quant;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.HeapBytes;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.quantise.QuantisableLayers;
import io.wan4j.checkpoint.quantise.RowQuantiser;
import io.wan4j.checkpoint.quantise.StoredRows;
import io.wan4j.checkpoint.quantise.WeightScheme;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Every tensor of the output, to be computed when it is read, and the file that it goes to. */
final class ConversionPlan {
    private static final String SCALE = ".weight_scale";
    private static final String TOKENIZER = "spiece_model";

    private final SourceTensors source;
    private final Component component;
    private final TargetFormat format;
    private final Map<String, CheckpointTensor> canonical = new LinkedHashMap<>();
    private final Map<String, Pending> errors = new LinkedHashMap<>();

    /** An error that grows while a tensor is computed. */
    private record Pending(String format, ErrorSum sum) {}

    ConversionPlan(ModelPart part, SourceTensors source, TargetFormat format) {
        this.source = source;
        this.component = part.component();
        this.format = format;
        part.tensors().keySet().stream()
                .filter(name -> source.names().contains(name))
                .forEach(this::add);
    }

    /** Files by name, with their tensors in the names of a layout, and the tokenizer where the layout has a place for it. */
    Map<String, List<CheckpointTensor>> files(Conversion.Naming naming, String stem, Optional<byte[]> tokenizer) {
        Map<String, CheckpointTensor> named =
                new LinkedHashMap<>(naming.layout().name(component, canonical));
        tokenizer
                .filter(any -> naming.layout() == TargetLayout.COMFYUI && component == Component.TEXT_ENCODER)
                .ifPresent(bytes -> named.put(
                        TOKENIZER,
                        new CheckpointTensor(
                                TOKENIZER,
                                Shape.of(bytes.length),
                                Format.U8,
                                new HeapBytes(bytes, Path.of(TOKENIZER)))));
        return naming.packing().files(stem, named.values());
    }

    /** What the tensors lost that were computed, wholly or in part, since the last call. */
    List<TensorError> takeErrors() {
        List<TensorError> all = new ArrayList<>();
        errors.forEach((name, pending) -> {
            if (pending.sum().takeNews()) {
                all.add(new TensorError(name, pending.format(), pending.sum().relative()));
            }
        });
        return all;
    }

    private void add(String name) {
        CheckpointTensor original = source.original(name);
        boolean changed = source.isChanged(name);
        Optional<StoredWeight> codes = source.codes(name);
        Optional<WeightScheme> wanted = scheme(name, original, codes);
        if (codes.isPresent() && !changed && keepsCodes(wanted)) {
            StoredWeight weight = codes.get();
            copy(name, original, weight.values());
            CheckpointTensor scale = source.stored(name.replaceAll("weight$", "weight_scale"));
            if (scale != null) {
                copy(scale.name(), scale, scale);
            }
        } else if (wanted.isPresent()) {
            quantise(name, original.path(), wanted.get());
        } else {
            dense(name, original, changed || codes.isPresent());
        }
    }

    private boolean keepsCodes(Optional<WeightScheme> wanted) {
        return format == TargetFormat.AS_STORED || wanted.isPresent() && wanted.equals(source.scheme());
    }

    private Optional<WeightScheme> scheme(String name, CheckpointTensor tensor, Optional<StoredWeight> codes) {
        if (format == TargetFormat.AS_STORED) {
            return codes.isPresent() ? source.scheme() : Optional.empty();
        }
        return format.scheme().filter(any -> QuantisableLayers.contains(component, name, tensor.shape()));
    }

    private void dense(String name, CheckpointTensor original, boolean computed) {
        Format stored = original.format().isCode() ? Format.BF16 : original.format();
        Format target = original.format().isFloat() || computed ? format.dense().orElse(stored) : stored;
        if (target == original.format() && !computed) {
            copy(name, original, original);
            return;
        }
        StoredTensor values = source.values(name);
        StoredRows rows = new StoredRows(withRows(values));
        ErrorSum error = new ErrorSum();
        errors.put(name, new Pending(target.name(), error));
        put(name, original.shape(), target, new RowEncoder.Cast(rows, target, error), original.path());
    }

    private void quantise(String name, Path path, WeightScheme scheme) {
        StoredTensor values = source.values(name);
        StoredRows rows = new StoredRows(values);
        RowQuantiser quantiser = new RowQuantiser(scheme, values.format());
        RowEncoder.Scales scales = new RowEncoder.Scales(name, rows, quantiser);
        ErrorSum error = new ErrorSum();
        errors.put(name, new Pending(scheme.name(), error));
        put(name, values.shape(), scheme.codes(), new RowEncoder.Codes(rows, quantiser, scales, error), path);
        put(
                name.replaceAll("\\.weight$", SCALE),
                Shape.of(scheme.byRow() ? rows.rows() : 1, 1),
                quantiser.scaleFormat(),
                new RowEncoder.ScaleRows(rows, quantiser, scales),
                path);
    }

    private void copy(String name, CheckpointTensor original, StoredTensor bytes) {
        StoredTensor rows = withRows(bytes);
        long count = Math.max(1, rows.shape().dim(0));
        put(
                name,
                original.shape(),
                original.format(),
                new RowEncoder.Copy(rows, rows.bytes() / count),
                original.path());
    }

    /** A scalar as a row. */
    private static StoredTensor withRows(StoredTensor tensor) {
        return tensor.shape().rank() == 0 ? tensor.reshape(1) : tensor;
    }

    private void put(String name, Shape shape, Format made, RowEncoder encoder, Path path) {
        long length = shape.count() * made.bytes();
        canonical.put(name, new CheckpointTensor(name, shape, made, new ComputedBytes(length, encoder, path)));
    }
}
