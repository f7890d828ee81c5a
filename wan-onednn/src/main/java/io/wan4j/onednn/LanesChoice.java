package io.wan4j.onednn;

import io.wan4j.spi.ActivationFormats;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Explicit vectors where the JVM offers them ({@code --add-modules jdk.incubator.vector}), plain loops otherwise. */
final class LanesChoice {
    private static final Logger LOG = LoggerFactory.getLogger(LanesChoice.class);

    private static final class Holder {
        static final Lanes LANES = choose();
    }

    private LanesChoice() {}

    static Lanes lanes() {
        return Holder.LANES;
    }

    /**
     * The lanes for activations in the formats that a user asked for. Who asks for F32 asks for the strictest numbers: those
     * of the plain loops, which are the same on every JVM.
     */
    static Lanes lanes(Optional<ActivationFormats> asked) {
        return asked.filter(ActivationFormats.F32::equals).isPresent() ? new PlainLanes() : lanes();
    }

    private static Lanes choose() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            LOG.info("onednn: plain loops between products; start Java with --add-modules jdk.incubator.vector"
                    + " for explicit vectors");
            return new PlainLanes();
        }
        try {
            return Class.forName("io.wan4j.onednn.VectorLanes")
                    .asSubclass(Lanes.class)
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException | LinkageError | ClassCastException e) {
            LOG.warn("onednn: this JVM's vectors cannot be used, plain loops take their place: {}", e.toString());
            return new PlainLanes();
        }
    }
}
