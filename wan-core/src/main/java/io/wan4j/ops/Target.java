package io.wan4j.ops;

import io.wan4j.spi.Epilogue;
import io.wan4j.tensor.Tensor;

/**
 * Where a sub-layer's last product goes.
 *
 * @param out the caller's tensor
 * @param epilogue how the product joins it
 */
public record Target(Tensor out, Epilogue epilogue) {
    /** out = y. */
    public static Target store(Tensor out) {
        return new Target(out, Epilogue.STORE);
    }

    /** residual = residual + y. */
    public static Target addTo(Tensor residual) {
        return new Target(residual, Epilogue.ADD_TO);
    }

    /** residual = residual + gate * y, one F32 gate a column. */
    public static Target addTo(Tensor residual, Tensor gate) {
        return new Target(residual, new Epilogue.AddGatedTo(gate));
    }
}
