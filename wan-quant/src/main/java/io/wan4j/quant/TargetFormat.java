package io.wan4j.quant;

import io.wan4j.checkpoint.quantise.WeightScheme;
import io.wan4j.tensor.Format;
import java.util.Optional;

/** What a conversion makes of the weights. */
public enum TargetFormat {
    /** Every tensor keeps its format; where a LoRA is merged it is rounded to that format again, but never to 8 bit. */
    AS_STORED(Optional.empty(), Optional.empty()),
    /** All floating tensors in F32. */
    F32(Optional.of(Format.F32), Optional.empty()),
    /** All floating tensors in BF16. */
    BF16(Optional.of(Format.BF16), Optional.empty()),
    /** All floating tensors in F16. */
    F16(Optional.of(Format.F16), Optional.empty()),
    /** Attention and feed-forward weights in E4M3 with a scale a row, all else in BF16: LightX2V. */
    FP8(Optional.of(Format.BF16), Optional.of(WeightScheme.FP8_ROWS)),
    /** Attention and feed-forward weights in INT8 with a scale a row, all else in BF16: LightX2V. */
    INT8(Optional.of(Format.BF16), Optional.of(WeightScheme.INT8_ROWS)),
    /** Attention and feed-forward weights in E4M3 with one scale each, all else in BF16: ComfyUI's scaled files. */
    FP8_SCALED(Optional.of(Format.BF16), Optional.of(WeightScheme.FP8_TENSOR));

    private final Optional<Format> dense;
    private final Optional<WeightScheme> scheme;

    TargetFormat(Optional<Format> dense, Optional<WeightScheme> scheme) {
        this.dense = dense;
        this.scheme = scheme;
    }

    /** Format of the tensors that are not quantised; empty if they keep theirs. */
    public Optional<Format> dense() {
        return dense;
    }

    /** How weights are quantised, if they are. */
    public Optional<WeightScheme> scheme() {
        return scheme;
    }
}
