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
    private int resident;

    MemoryRelief(int resident, int layers) {
        this.layers = layers;
        this.resident = Math.min(resident, layers);
    }

    Residency residency() {
        return new Residency(resident);
    }

    /**
     * Memory ran out.
     *
     * @param freed whether networks of other phases were on the device and are freed now
     * @param transformer whether fewer blocks would help
     * @return whether there is more room than before
     */
    boolean relieve(boolean freed, boolean transformer, DeviceException failure) {
        boolean fewer = transformer && resident > 0;
        if (fewer) {
            resident -= Math.max(1, resident / 4);
        }
        if (!freed && !fewer) {
            return false;
        }
        String warning = "device memory ran short (" + failure.getMessage() + "): "
                + (fewer
                        ? resident + " of " + layers
                                + " blocks stay on the device now, the others are brought in for each use"
                        : "networks of other phases were freed");
        LOG.warn(warning);
        warnings.add(warning);
        return true;
    }

    List<String> takeWarnings() {
        List<String> taken = List.copyOf(warnings);
        warnings.clear();
        return taken;
    }
}
