package io.wan4j.gpucheck;

import io.wan4j.error.DeviceException;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * How far a unit is in its cases. A case that takes the device or the process with it is named in the file of rows, and
 * the unit is started again behind it.
 */
final class Progress {
    private final int from;
    private final int failedBefore;
    private final BiConsumer<Integer, String> begun;
    private int next;
    private @Nullable Target target;

    /**
     * Progress from one case on.
     *
     * @param from first case to do
     * @param failedBefore cases before it that failed
     * @param begun is told of every case before it starts
     */
    Progress(int from, int failedBefore, BiConsumer<Integer, String> begun) {
        this.from = from;
        this.failedBefore = failedBefore;
        this.begun = begun;
    }

    /** From the first case on, without notice. */
    static Progress none() {
        return new Progress(0, 0, (index, name) -> {});
    }

    /** Cases that failed before this process was started. */
    int failedBefore() {
        return failedBefore;
    }

    /** Notes the next case; false if it has been done before. */
    boolean begin(String name) {
        int index = next++;
        if (index < from) {
            return false;
        }
        begun.accept(index, name);
        return true;
    }

    /** The device that is in use from now on. */
    void use(Target opened) {
        target = opened;
    }

    /** Whether the device takes no more work; a process cannot mend that. */
    boolean deviceLost() {
        return Optional.ofNullable(target).filter(Progress::lost).isPresent();
    }

    private static boolean lost(Target used) {
        if (used.closed()) {
            return false;
        }
        try {
            used.device().synchronize();
            return false;
        } catch (DeviceException failure) {
            return true;
        }
    }

    /** Thrown where no further case can be done in this process. */
    static final class DeviceLost extends RuntimeException {
        private static final long serialVersionUID = 1;

        DeviceLost(String name) {
            super(name + ": the device takes no more work");
        }
    }
}
