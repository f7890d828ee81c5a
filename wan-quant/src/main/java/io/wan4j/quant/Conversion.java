package io.wan4j.quant;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.error.UnsupportedException;
import java.nio.file.Path;
import java.util.List;

/**
 * What to make of one component of a model.
 *
 * @param source file, index or folder of the component, in any known layout
 * @param target a file for {@link Packing.SingleFile}, else a folder; must not exist
 * @param naming names and packing
 * @param format formats
 * @param loras merged into the weights, for the transformer
 */
public record Conversion(Path source, Path target, Naming naming, TargetFormat format, List<Lora> loras) {
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

    /** Copies the list. */
    public Conversion {
        loras = List.copyOf(loras);
        if (source.toAbsolutePath().normalize().equals(target.toAbsolutePath().normalize())) {
            throw new IllegalArgumentException(target + ": expected another place than the source's");
        }
    }

    /** Refuses what does not go with a kind of component. */
    void check(Component component) {
        if (!loras.isEmpty() && component != Component.TRANSFORMER) {
            throw new UnsupportedException(
                    source + ": expected a transformer to merge LoRAs into, got a " + component.title());
        }
        if (naming.packing() instanceof Packing.Blocks && component != Component.TRANSFORMER) {
            throw new UnsupportedException(
                    source + ": expected a transformer to split into block files, got a " + component.title());
        }
    }
}
