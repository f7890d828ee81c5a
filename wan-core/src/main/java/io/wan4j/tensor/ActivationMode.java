package io.wan4j.tensor;

/** What a layer with an 8-bit weight does with its input. */
public enum ActivationMode {
    /** w8a8: the input is quantised to the weight's code format, one dynamic scale a row. */
    DYNAMIC_8BIT,
    /** w8a16: the weight is dequantised, the input stays as it is. */
    UNQUANTISED
}
