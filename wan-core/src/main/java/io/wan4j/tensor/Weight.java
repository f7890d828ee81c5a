package io.wan4j.tensor;

/** A weight on a device. Its format lives here and never in a model class. */
public sealed interface Weight permits Dense, Scaled {
    /** Logical shape: {@code [out, in]} of a linear layer, {@code [out, in, kt, kh, kw]} of a convolution. */
    Shape shape();

    /** Bytes that the weight takes on its device. */
    long bytes();
}
