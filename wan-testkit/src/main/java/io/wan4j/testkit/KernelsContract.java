package io.wan4j.testkit;

import io.wan4j.spi.Device;
import io.wan4j.tensor.Format;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
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

    private Stream<DynamicTest> tests(Function<List<Format>, List<ContractCase>> cases) {
        Device target = opened();
        List<Format> formats = Stream.of(
                        target.formats().compute(), target.formats().residual(), Format.F32)
                .distinct()
                .toList();
        List<ContractCase> all = cases.apply(formats);
        if (all.isEmpty()) {
            throw new AssertionError("expected cases, got none");
        }
        return all.stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> c.run(target, errors(target), lacks())));
    }

    /** gather. */
    @Nested
    class Gather {
        @TestFactory
        Stream<DynamicTest> rows() {
            return tests(ElementCases::gather);
        }
    }

    /** linear. */
    @Nested
    class LinearLayer {
        @TestFactory
        Stream<DynamicTest> weightsInputsAndEpilogues() {
            return tests(formats -> LinearCases.all(formats, larger()));
        }

        @TestFactory
        Stream<DynamicTest> extremes() {
            return tests(LinearExtremes::all);
        }
    }

    /** normModulate. */
    @Nested
    class NormModulate {
        @TestFactory
        Stream<DynamicTest> rows() {
            return tests(formats -> new NormCases(formats, larger()).normModulate());
        }
    }

    /** layerNorm. */
    @Nested
    class LayerNorm {
        @TestFactory
        Stream<DynamicTest> rows() {
            return tests(formats -> new NormCases(formats, larger()).layerNorm());
        }
    }

    /** rmsNorm. */
    @Nested
    class RmsNorm {
        @TestFactory
        Stream<DynamicTest> rows() {
            return tests(formats -> new NormCases(formats, larger()).rmsNorm());
        }
    }

    /** rmsNormRope. */
    @Nested
    class RmsNormRope {
        @TestFactory
        Stream<DynamicTest> rows() {
            return tests(formats -> new NormCases(formats, larger()).rmsNormRope());
        }
    }

    /** attention. */
    @Nested
    class Attention {
        @TestFactory
        Stream<DynamicTest> contexts() {
            return tests(formats -> AttentionCases.all(formats, larger()));
        }
    }

    /** activate. */
    @Nested
    class Activate {
        @TestFactory
        Stream<DynamicTest> functions() {
            return tests(ElementCases::activate);
        }
    }

    /** modulation. */
    @Nested
    class Modulation {
        @TestFactory
        Stream<DynamicTest> sums() {
            return tests(formats -> ElementCases.modulation());
        }
    }

    /** patchify. */
    @Nested
    class Patchify {
        @TestFactory
        Stream<DynamicTest> grids() {
            return tests(LayoutCases::patchify);
        }
    }

    /** unpatchify. */
    @Nested
    class Unpatchify {
        @TestFactory
        Stream<DynamicTest> grids() {
            return tests(LayoutCases::unpatchify);
        }
    }

    /** convolution. */
    @Nested
    class Convolve {
        @TestFactory
        Stream<DynamicTest> geometries() {
            return tests(formats -> ConvolutionCases.all(formats, larger()));
        }
    }

    /** channelNorm. */
    @Nested
    class ChannelNorm {
        @TestFactory
        Stream<DynamicTest> pixels() {
            return tests(formats -> new NormCases(formats, larger()).channelNorm());
        }
    }

    /** upsample. */
    @Nested
    class Upsample {
        @TestFactory
        Stream<DynamicTest> frames() {
            return tests(LayoutCases::upsample);
        }
    }

    /** interleaveFrames. */
    @Nested
    class InterleaveFrames {
        @TestFactory
        Stream<DynamicTest> frames() {
            return tests(LayoutCases::interleaveFrames);
        }
    }

    /** copy. */
    @Nested
    class Copy {
        @TestFactory
        Stream<DynamicTest> formats() {
            return tests(formats -> ElementCases.copy());
        }
    }

    /** channelsLast. */
    @Nested
    class ChannelsLast {
        @TestFactory
        Stream<DynamicTest> frames() {
            return tests(LayoutCases::channelsLast);
        }
    }

    /** channelsFirst. */
    @Nested
    class ChannelsFirst {
        @TestFactory
        Stream<DynamicTest> frames() {
            return tests(LayoutCases::channelsFirst);
        }
    }

    /** allFinite. */
    @Nested
    class AllFinite {
        @TestFactory
        Stream<DynamicTest> places() {
            return tests(ElementCases::allFinite);
        }
    }

    /** Laws over several operations. */
    @Nested
    class Algebra {
        @TestFactory
        Stream<DynamicTest> laws() {
            return tests(formats -> AlgebraCases.all());
        }
    }

    /** Memory, arenas and the workspace. */
    @Nested
    class MemoryOfDevice {
        @TestFactory
        Stream<DynamicTest> rules() {
            return tests(formats -> MemoryCases.all());
        }
    }
}
