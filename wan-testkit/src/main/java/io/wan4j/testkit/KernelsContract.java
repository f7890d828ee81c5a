package io.wan4j.testkit;

import io.wan4j.spi.Device;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What every backend must pass: one nested class per operation, every format and epilogue, odd sizes and extremes,
 * against oracles in double precision. A backend's test extends this and gives its device.
 *
 * <p>Inputs and results are tried in F32 and in the device's own formats of activations. Tolerances come from an {@link
 * ErrorModel}. System property {@value Rig#SEED_PROPERTY} changes all data.
 */
@TestInstance(Lifecycle.PER_CLASS)
@Execution(ExecutionMode.SAME_THREAD)
public abstract class KernelsContract {
    private @Nullable Device device;

    /** Opens the device; it is closed after the last case. */
    protected abstract Device open();

    /** What the backend does not offer; it must refuse it. */
    protected Set<Feature> lacks() {
        return EnumSet.noneOf(Feature.class);
    }

    /** Rounding errors that the device may make. */
    protected ErrorModel errors(Device opened) {
        return ErrorModel.of(opened.formats());
    }

    /** Whether the sizes beyond one tile are tried too; simulators may be too slow for them. */
    protected boolean larger() {
        return true;
    }

    @BeforeAll
    void openDevice() {
        device = open();
    }

    @AfterAll
    void closeDevice() {
        if (device != null) {
            device.close();
        }
    }

    private Device opened() {
        Device current = device;
        if (current == null) {
            throw new IllegalStateException("the device is not open");
        }
        return current;
    }

    private Stream<DynamicTest> tests(ContractGroup group) {
        Device target = opened();
        return group.cases(target.formats(), larger()).stream()
                .map(c -> DynamicTest.dynamicTest(c.name(), () -> c.run(target, errors(target), lacks())));
    }

    /** gather. */
    @Nested
    class Gather {
        @TestFactory
        Stream<DynamicTest> rows() {
            return tests(ContractGroup.GATHER);
        }
    }

    /** linear. */
    @Nested
    class LinearLayer {
        @TestFactory
        Stream<DynamicTest> weightsInputsAndEpilogues() {
            return tests(ContractGroup.LINEAR);
        }

        @TestFactory
        Stream<DynamicTest> extremes() {
            return tests(ContractGroup.LINEAR_EXTREMES);
        }
    }

    /** normModulate. */
    @Nested
    class NormModulate {
        @TestFactory
        Stream<DynamicTest> rows() {
            return tests(ContractGroup.NORM_MODULATE);
        }
    }

    /** layerNorm. */
    @Nested
    class LayerNorm {
        @TestFactory
        Stream<DynamicTest> rows() {
            return tests(ContractGroup.LAYER_NORM);
        }
    }

    /** rmsNorm. */
    @Nested
    class RmsNorm {
        @TestFactory
        Stream<DynamicTest> rows() {
            return tests(ContractGroup.RMS_NORM);
        }
    }

    /** rmsNormRope. */
    @Nested
    class RmsNormRope {
        @TestFactory
        Stream<DynamicTest> rows() {
            return tests(ContractGroup.RMS_NORM_ROPE);
        }
    }

    /** attention. */
    @Nested
    class Attention {
        @TestFactory
        Stream<DynamicTest> contexts() {
            return tests(ContractGroup.ATTENTION);
        }
    }

    /** activate. */
    @Nested
    class Activate {
        @TestFactory
        Stream<DynamicTest> functions() {
            return tests(ContractGroup.ACTIVATE);
        }
    }

    /** modulation. */
    @Nested
    class Modulation {
        @TestFactory
        Stream<DynamicTest> sums() {
            return tests(ContractGroup.MODULATION);
        }
    }

    /** patchify. */
    @Nested
    class Patchify {
        @TestFactory
        Stream<DynamicTest> grids() {
            return tests(ContractGroup.PATCHIFY);
        }
    }

    /** unpatchify. */
    @Nested
    class Unpatchify {
        @TestFactory
        Stream<DynamicTest> grids() {
            return tests(ContractGroup.UNPATCHIFY);
        }
    }

    /** convolution. */
    @Nested
    class Convolve {
        @TestFactory
        Stream<DynamicTest> geometries() {
            return tests(ContractGroup.CONVOLUTION);
        }
    }

    /** channelNorm. */
    @Nested
    class ChannelNorm {
        @TestFactory
        Stream<DynamicTest> pixels() {
            return tests(ContractGroup.CHANNEL_NORM);
        }
    }

    /** upsample. */
    @Nested
    class Upsample {
        @TestFactory
        Stream<DynamicTest> frames() {
            return tests(ContractGroup.UPSAMPLE);
        }
    }

    /** interleaveFrames. */
    @Nested
    class InterleaveFrames {
        @TestFactory
        Stream<DynamicTest> frames() {
            return tests(ContractGroup.INTERLEAVE_FRAMES);
        }
    }

    /** copy. */
    @Nested
    class Copy {
        @TestFactory
        Stream<DynamicTest> formats() {
            return tests(ContractGroup.COPY);
        }
    }

    /** channelsLast. */
    @Nested
    class ChannelsLast {
        @TestFactory
        Stream<DynamicTest> frames() {
            return tests(ContractGroup.CHANNELS_LAST);
        }
    }

    /** channelsFirst. */
    @Nested
    class ChannelsFirst {
        @TestFactory
        Stream<DynamicTest> frames() {
            return tests(ContractGroup.CHANNELS_FIRST);
        }
    }

    /** allFinite. */
    @Nested
    class AllFinite {
        @TestFactory
        Stream<DynamicTest> places() {
            return tests(ContractGroup.ALL_FINITE);
        }
    }

    /** Laws over several operations. */
    @Nested
    class Algebra {
        @TestFactory
        Stream<DynamicTest> laws() {
            return tests(ContractGroup.ALGEBRA);
        }
    }

    /** Memory, arenas and the workspace. */
    @Nested
    class MemoryOfDevice {
        @TestFactory
        Stream<DynamicTest> rules() {
            return tests(ContractGroup.MEMORY);
        }
    }
}
