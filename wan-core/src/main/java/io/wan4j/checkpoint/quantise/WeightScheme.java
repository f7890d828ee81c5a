package io.wan4j.checkpoint.quantise;

import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;

/** How a dense weight becomes 8-bit codes. */
public enum WeightScheme {
    /** E4M3 codes, one scale a row, ties away from zero: LightX2V. */
    FP8_ROWS(Format.F8_E4M3, 448, true, ActivationMode.DYNAMIC_8BIT),
    /** Signed 8-bit codes, one scale a row, ties to even: LightX2V. */
    INT8_ROWS(Format.I8, 127, true, ActivationMode.DYNAMIC_8BIT),
    /** E4M3 codes, one F32 scale for the tensor, ties away from zero: ComfyUI's scaled files. */
    FP8_TENSOR(Format.F8_E4M3, 448, false, ActivationMode.UNQUANTISED);

    private final Format codes;
    private final float largest;
    private final boolean byRow;
    private final ActivationMode activations;

    WeightScheme(Format codes, float largest, boolean byRow, ActivationMode activations) {
        this.codes = codes;
        this.largest = largest;
        this.byRow = byRow;
        this.activations = activations;
    }

    /** Format of the codes. */
    public Format codes() {
        return codes;
    }

    /** The value that the largest magnitude is scaled to. */
    public float largest() {
        return largest;
    }

    /** Whether every row has a scale of its own. */
    public boolean byRow() {
        return byRow;
    }

    /** What releases with this scheme do with a layer's input. */
    public ActivationMode activations() {
        return activations;
    }
}
