package io.wan4j.testkit;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.tensor.Format;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/** The parts of the kernel contract: all cases of one operation, to be run by a test or without a test framework. */
public enum ContractGroup {
    /** {@code gather}. */
    GATHER("gather", (formats, larger) -> ElementCases.gather(formats)),
    /** {@code linear}. */
    LINEAR("linear", LinearCases::all),
    /** Linear, extremes. */
    LINEAR_EXTREMES("linear, extremes", (formats, larger) -> LinearExtremes.all(formats)),
    /** {@code normModulate}. */
    NORM_MODULATE("normModulate", (formats, larger) -> new NormCases(formats, larger).normModulate()),
    /** {@code layerNorm}. */
    LAYER_NORM("layerNorm", (formats, larger) -> new NormCases(formats, larger).layerNorm()),
    /** {@code rmsNorm}. */
    RMS_NORM("rmsNorm", (formats, larger) -> new NormCases(formats, larger).rmsNorm()),
    /** {@code rmsNormRope}. */
    RMS_NORM_ROPE("rmsNormRope", (formats, larger) -> new NormCases(formats, larger).rmsNormRope()),
    /** {@code attention}. */
    ATTENTION("attention", AttentionCases::all),
    /** {@code activate}. */
    ACTIVATE("activate", (formats, larger) -> ElementCases.activate(formats)),
    /** {@code modulation}. */
    MODULATION("modulation", (formats, larger) -> ElementCases.modulation()),
    /** {@code patchify}. */
    PATCHIFY("patchify", (formats, larger) -> LayoutCases.patchify(formats)),
    /** {@code unpatchify}. */
    UNPATCHIFY("unpatchify", (formats, larger) -> LayoutCases.unpatchify(formats)),
    /** {@code convolution}. */
    CONVOLUTION("convolution", ConvolutionCases::all),
    /** {@code channelNorm}. */
    CHANNEL_NORM("channelNorm", (formats, larger) -> new NormCases(formats, larger).channelNorm()),
    /** {@code upsample}. */
    UPSAMPLE("upsample", (formats, larger) -> LayoutCases.upsample(formats)),
    /** {@code interleaveFrames}. */
    INTERLEAVE_FRAMES("interleaveFrames", (formats, larger) -> LayoutCases.interleaveFrames(formats)),
    /** {@code copy}. */
    COPY("copy", (formats, larger) -> ElementCases.copy()),
    /** {@code channelsLast}. */
    CHANNELS_LAST("channelsLast", (formats, larger) -> LayoutCases.channelsLast(formats)),
    /** {@code channelsFirst}. */
    CHANNELS_FIRST("channelsFirst", (formats, larger) -> LayoutCases.channelsFirst(formats)),
    /** {@code allFinite}. */
    ALL_FINITE("allFinite", (formats, larger) -> ElementCases.allFinite(formats)),
    /** Laws over several operations. */
    ALGEBRA("laws over several operations", (formats, larger) -> AlgebraCases.all()),
    /** {@code memory}. */
    MEMORY("memory", (formats, larger) -> MemoryCases.all());

    private final String label;
    private final BiFunction<List<Format>, Boolean, List<ContractCase>> maker;

    ContractGroup(String label, BiFunction<List<Format>, Boolean, List<ContractCase>> maker) {
        this.label = label;
        this.maker = maker;
    }

    /** The operation. */
    public String label() {
        return label;
    }

    /**
     * The cases, at least one.
     *
     * @param formats of the device; inputs and results are tried in them and in F32
     * @param larger whether sizes beyond one tile are tried too
     */
    public List<ContractCase> cases(ActivationFormats formats, boolean larger) {
        List<Format> tried = Stream.of(formats.compute(), formats.residual(), Format.F32)
                .distinct()
                .toList();
        List<ContractCase> cases = maker.apply(tried, larger);
        if (cases.isEmpty()) {
            throw new AssertionError(label + ": expected cases, got none");
        }
        return cases;
    }
}
