package io.wan4j.quant;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.layout.Quantisation;
import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.error.UnsupportedException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What to make of one component of a model.
 *
 * @param source file, index or folder of the component, in any known layout
 * @param target a file for {@link Packing.SingleFile}, else a folder; must not exist
 * @param naming names and packing
 * @param format formats
 * @param changes what else is done to a transformer's weights
 */
public record Conversion(Path source, Path target, Naming naming, TargetFormat format, Changes changes) {
    /**
     * Names of tensors, and files.
     *
     * @param layout names
     * @param packing files
     */
    public record Naming(TargetLayout layout, Packing packing) {
        /** Checks that the combination exists. */
        public Naming {
            if (packing instanceof Packing.Blocks && layout != TargetLayout.OFFICIAL) {
                throw new UnsupportedException("block files: expected original names, got " + layout
                        + "; no release splits that layout into blocks");
            }
        }
    }

    /**
     * Changes of a transformer's weights before they are stored.
     *
     * @param loras merged into the weights, in this order
     * @param balance whether input channels are balanced for INT8, after the LoRAs
     */
    public record Changes(List<Lora> loras, Optional<Balance> balance) {
        /** None. */
        public static final Changes NONE = new Changes(List.of(), Optional.empty());

        /** Copies the list. */
        public Changes {
            loras = List.copyOf(loras);
        }

        boolean isEmpty() {
            return loras.isEmpty() && balance.isEmpty();
        }
    }

    /** Checks that source and target differ, and that what is asked for goes together. */
    public Conversion {
        if (source.toAbsolutePath().normalize().equals(target.toAbsolutePath().normalize())) {
            throw new IllegalArgumentException(target + ": expected another place than the source's");
        }
        if (changes.balance().isPresent() && format != TargetFormat.INT8) {
            throw new UnsupportedException("balanced channels: expected INT8 as the format, got " + format
                    + "; E4M3 codes have exponents of their own and gain nothing");
        }
    }

    /** A conversion that merges LoRAs. */
    public Conversion(Path source, Path target, Naming naming, TargetFormat format, List<Lora> loras) {
        this(source, target, naming, format, new Changes(loras, Optional.empty()));
    }

    /** Refuses what does not go with a component. */
    void check(ModelPart part) {
        Component component = part.component();
        if (!changes.loras().isEmpty()
                && format == TargetFormat.AS_STORED
                && part.quantisation() != Quantisation.NONE) {
            throw new UnsupportedException(
                    source + ": expected a format to be named for LoRAs merged into weights that"
                            + " are " + part.quantisation().title()
                            + ", since they are rounded again; convert to INT8 or FP8 if"
                            + " that is meant, to BF16 for a dense file, or add the LoRAs when generating, which rounds nothing");
        }
        if (!changes.isEmpty() && component != Component.TRANSFORMER) {
            throw new UnsupportedException(
                    source + ": expected a transformer to merge LoRAs into or to balance, got a " + component.title());
        }
        if (naming.packing() instanceof Packing.Blocks && component != Component.TRANSFORMER) {
            throw new UnsupportedException(
                    source + ": expected a transformer to split into block files, got a " + component.title());
        }
    }
}
