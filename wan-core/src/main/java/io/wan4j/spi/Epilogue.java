package io.wan4j.spi;

import io.wan4j.tensor.Tensor;

/** What happens to a product {@code y} (bias included) before it leaves the kernel. */
public sealed interface Epilogue {
    /** out = y. */
    record Store() implements Epilogue {}

    /** out = activation(y). */
    record Activate(Activation activation) implements Epilogue {}

    /** out = y * factor; factor has the shape of out and may not overlap it. */
    record Multiply(Tensor factor) implements Epilogue {}

    /** out = out + y. */
    record AddTo() implements Epilogue {}

    /** out = out + gate * y, with one F32 gate a column: gate [N]. */
    record AddGatedTo(Tensor gate) implements Epilogue {}

    /** out = y. */
    Epilogue STORE = new Store();

    /** out = out + y. */
    Epilogue ADD_TO = new AddTo();
}
