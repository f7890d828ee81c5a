package io.wan4j;

import io.wan4j.checkpoint.FileDigest;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.checkpoint.lora.LoraMode;
import io.wan4j.checkpoint.lora.LoraReport;
import io.wan4j.checkpoint.lora.LoraWeights;
import io.wan4j.checkpoint.quantise.QuantisedWeights;
import io.wan4j.checkpoint.quantise.WeightScheme;
import io.wan4j.tensor.WeightSource;
import java.nio.file.Path;
import java.util.List;

/** The transformer's weights in a pipeline: the checkpoint's, quantised if asked, with LoRAs. */
final class TransformerWeights implements AutoCloseable {
    private final WeightSource base;
    private final Precision precision;
    private final LoraMode mode;
    private final List<Lora> loras;
    private final LoraWeights source;

    private TransformerWeights(WeightSource base, Precision precision, LoraMode mode, List<Lora> loras) {
        this.base = base;
        this.precision = precision;
        this.mode = mode;
        this.loras = List.copyOf(loras);
        this.source = LoraWeights.open(base, loras, mode);
    }

    static TransformerWeights of(WeightSource stored, Precision precision, LoraMode mode, List<Lora> loras) {
        WeightSource base = switch (precision) {
            case INT8 -> new QuantisedWeights(stored, Component.TRANSFORMER, WeightScheme.INT8_ROWS);
            case FP8 -> new QuantisedWeights(stored, Component.TRANSFORMER, WeightScheme.FP8_ROWS);
            case AS_STORED, F32, BF16 -> stored;
        };
        return new TransformerWeights(base, precision, mode, loras);
    }

    /** The same base with other LoRAs, beside the layers unless they are to be rounded into them. */
    TransformerWeights with(List<Lora> others) {
        LoraMode live = mode == LoraMode.MERGE ? LoraMode.SIDE_BRANCH : mode;
        return new TransformerWeights(base, precision, live, others);
    }

    LoraWeights source() {
        return source;
    }

    /** Files of the LoRAs. */
    List<Path> loraFiles() {
        return loras.stream().map(Lora::file).toList();
    }

    List<LoraReport> reports() {
        return source.reports();
    }

    /** What differs from the checkpoint, as text. */
    String fingerprint() {
        StringBuilder text = new StringBuilder(precision.name());
        loras.forEach(lora -> text.append(' ')
                .append(mode)
                .append(' ')
                .append(FileDigest.of(List.of(lora.file())))
                .append(lora.strength().steps()));
        return text.toString();
    }

    @Override
    public void close() {
        source.close();
    }
}
