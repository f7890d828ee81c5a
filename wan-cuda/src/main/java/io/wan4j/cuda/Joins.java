package io.wan4j.cuda;

import io.wan4j.spi.Epilogue;
import io.wan4j.tensor.Format;

/** The epilogues of the interface in the numbers of the kernels. */
final class Joins {
    private Joins() {}

    static ProductEpilogue.Join of(Epilogue epilogue) {
        if (epilogue instanceof Epilogue.Activate activate) {
            return new ProductEpilogue.Join(
                    ProductEpilogue.ACTIVATE, ElementKernels.id(activate.activation()), 0, 0, Format.F32);
        }
        if (epilogue instanceof Epilogue.Multiply multiply) {
            return new ProductEpilogue.Join(
                    ProductEpilogue.MULTIPLY,
                    0,
                    0,
                    DeviceStorage.address(multiply.factor()),
                    multiply.factor().format());
        }
        if (epilogue instanceof Epilogue.AddGatedTo gated) {
            return new ProductEpilogue.Join(
                    ProductEpilogue.ADD_GATED, 0, DeviceStorage.address(gated.gate()), 0, Format.F32);
        }
        return epilogue instanceof Epilogue.AddTo ? ProductEpilogue.Join.ADD_IT : ProductEpilogue.Join.STORE_IT;
    }
}
