package io.wan4j;

import io.wan4j.checkpoint.FileDigest;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.layout.Quantisation;
import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.checkpoint.lora.LoraMode;
import io.wan4j.checkpoint.lora.LoraReport;
import io.wan4j.checkpoint.lora.LoraWeights;
import io.wan4j.checkpoint.quantise.ChosenActivations;
import io.wan4j.checkpoint.quantise.QuantisedWeights;
import io.wan4j.checkpoint.quantise.WeightScheme;
import io.wan4j.error.UnsupportedException;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.WeightSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The transformer's weights in a pipeline: the checkpoint's, quantised if asked, with LoRAs. */
final class TransformerWeights implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TransformerWeights.class);

    private final WeightSource base;
    private final Treatment treatment;
    private final List<Lora> loras;
    private final LoraWeights source;

    /**
     * What is done with the stored weights.
     *
     * @param precision in what to compute
     * @param loraMode where LoRAs go
     * @param activations what 8-bit layers do with their inputs; the release's way if empty
     */
    record Treatment(Precision precision, LoraMode loraMode, Optional<ActivationMode> activations) {}

    private TransformerWeights(WeightSource base, Treatment treatment, List<Lora> loras) {
        this.base = base;
        this.treatment = treatment;
        this.loras = List.copyOf(loras);
        this.source = LoraWeights.open(base, loras, treatment.loraMode());
    }

    /**
     * Weights of a checkpoint.
     *
     * @throws UnsupportedException if they are in 8 bit already, but not in the 8 bit that was asked for
     */
    static TransformerWeights of(ModelPart part, WeightSource stored, Treatment treatment, List<Lora> loras) {
        Quantisation quantisation = part.quantisation();
        Precision precision = treatment.precision();
        check(part, precision);
        if (quantisation != Quantisation.NONE && (precision == Precision.F32 || precision == Precision.BF16)) {
            LOG.warn(
                    "{}: its weights are {}, precision {} concerns only what is between the layers; for unquantised"
                            + " weights use a BF16 checkpoint",
                    part.location(),
                    quantisation.title(),
                    precision);
        }
        WeightSource base = switch (precision) {
            case INT8 -> new QuantisedWeights(stored, Component.TRANSFORMER, WeightScheme.INT8_ROWS);
            case FP8 -> new QuantisedWeights(stored, Component.TRANSFORMER, WeightScheme.FP8_ROWS);
            case AS_STORED, F32, BF16 -> stored;
        };
        WeightSource chosen = treatment.activations().isPresent()
                ? new ChosenActivations(base, treatment.activations().get())
                : base;
        return new TransformerWeights(chosen, treatment, loras);
    }

    private static void check(ModelPart part, Precision precision) {
        boolean fits = switch (precision) {
            case AS_STORED, F32, BF16 -> true;
            case INT8 -> Set.of(Quantisation.NONE, Quantisation.INT8_ROWS).contains(part.quantisation());
            case FP8 -> part.quantisation() != Quantisation.INT8_ROWS;
        };
        if (!fits) {
            throw new UnsupportedException(part.location() + ": expected weights in F32, F16, BF16 or " + precision
                    + " to compute in " + precision + ", got "
                    + part.quantisation().title()
                    + ", which would be rounded twice; leave the precision as stored, or start from an unquantised"
                    + " checkpoint");
        }
    }

    /** The same base with other LoRAs, beside the layers unless they are to be rounded into them. */
    TransformerWeights with(List<Lora> others) {
        LoraMode live = treatment.loraMode() == LoraMode.MERGE ? LoraMode.SIDE_BRANCH : treatment.loraMode();
        return new TransformerWeights(
                base, new Treatment(treatment.precision(), live, treatment.activations()), others);
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
        StringBuilder text = new StringBuilder(treatment.precision().name());
        treatment.activations().ifPresent(mode -> text.append(' ').append(mode));
        loras.forEach(lora -> text.append(' ')
                .append(treatment.loraMode())
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
