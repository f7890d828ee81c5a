package io.wan4j.pipeline;

import io.wan4j.error.DeviceException;
import io.wan4j.model.dit.Residency;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How many blocks of the transformer stay on the device: fewer each time that memory runs out, never more again. */
final class MemoryRelief {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryRelief.class);

    private final int layers;
    private final List<String> warnings = new ArrayList<>();
    private Residency residency;

    MemoryRelief(Residency residency, int layers) {
        this.layers = layers;
        this.residency = residency;
    }

    Residency residency() {
        return residency;
    }

    /**
     * Memory ran out.
     *
     * @param freed whether networks of other phases were on the device and are freed now
     * @param transformer whether fewer blocks would help
     * @return whether there is more room than before
     */
    boolean relieve(boolean freed, boolean transformer, DeviceException failure) {
        boolean fewer = transformer && reduce();
        if (!freed && !fewer) {
            return false;
        }
        String warning = "device memory ran short (" + failure.getMessage() + "): "
                + (fewer
                        ? residency.resident() + " of " + layers
                                + " blocks stay on the device now, the others are brought in for each use"
                        : "networks of other phases were freed");
        LOG.warn(warning);
        warnings.add(warning);
        return true;
    }

    private boolean reduce() {
        Residency before = residency;
        residency = before.fewer(layers);
        return !residency.equals(before);
    }

    List<String> takeWarnings() {
        List<String> taken = List.copyOf(warnings);
        warnings.clear();
        return taken;
    }
}
