package io.wan4j;

import io.wan4j.spi.Memory;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Memory of the process at the end of a phase, before anything of the phase is freed: by the device's books, and by the
 * system's.
 *
 * @param predicted what the process held besides the device's memory when the generation began (virtual machine,
 *     libraries, heap), and weights, workspace peak and the kernels' scratch
 * @param measured bytes resident that are no pages of files
 */
public record HeldMemory(long predicted, long measured) {
    /** Measured by predicted. */
    public double ratio() {
        return predicted == 0 ? 0 : (double) measured / predicted;
    }

    HeldMemory max(HeldMemory other) {
        return other.measured > measured ? other : this;
    }

    /** Keeps the books of one generation; empty throughout where device memory is not the process's own. */
    static final class Meter {
        private final Memory memory;
        private final OptionalLong base;
        private long workspace;

        Meter(Memory memory) {
            this.memory = memory;
            OptionalLong anonymous = memory.isHost() ? ResidentMemory.anonymous() : OptionalLong.empty();
            this.base = anonymous.isPresent()
                    ? OptionalLong.of(Math.max(0, anonymous.getAsLong() - memory.inArenas() - memory.inScratch()))
                    : anonymous;
        }

        /** At the end of a phase, or of a part of it. */
        Optional<HeldMemory> read() {
            workspace = Math.max(workspace, memory.workspace().peak());
            OptionalLong measured = base.isPresent() ? ResidentMemory.anonymous() : OptionalLong.empty();
            return measured.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new HeldMemory(
                            base.orElseThrow() + memory.inArenas() + memory.inScratch() + workspace,
                            measured.getAsLong()));
        }

        /** The workspace's pages went back to the system. */
        void trimmed() {
            workspace = 0;
        }
    }
}
