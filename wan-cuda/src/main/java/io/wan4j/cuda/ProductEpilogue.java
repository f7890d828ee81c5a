package io.wan4j.cuda;

import io.wan4j.cuda.driver.KernelArguments;
import io.wan4j.tensor.Format;

/**
 * The epilogue of a matrix product as the kernels take it ({@code epilogue.cuh}): addresses, 0 where there is none.
 *
 * @param out first element
 * @param format of out
 * @param pitch elements from row to row of out, addend and factor
 * @param rowScale F32 factor of each row
 * @param colScale F32 factor of each column, or of all
 * @param colStep 1 for a factor a column, 0 for one for all
 * @param bias F32, a column
 * @param addend F32, like out
 * @param join how the result joins out
 * @param strength factor of the product
 */
record ProductEpilogue(
        long out,
        Format format,
        int pitch,
        long rowScale,
        long colScale,
        int colStep,
        long bias,
        long addend,
        Join join,
        float strength) {

    static final int STORE = 0;
    static final int ACTIVATE = 1;
    static final int MULTIPLY = 2;
    static final int ADD = 3;
    static final int ADD_GATED = 4;

    /**
     * How a result joins out.
     *
     * @param kind STORE and so on
     * @param activation number of the activation
     * @param gate F32, a column
     * @param factor like out
     * @param factorFormat of factor
     */
    record Join(int kind, int activation, long gate, long factor, Format factorFormat) {
        static final Join STORE_IT = new Join(STORE, 0, 0, 0, Format.F32);
        static final Join ADD_IT = new Join(ADD, 0, 0, 0, Format.F32);

        private Join at(long element, long column) {
            return new Join(
                    kind,
                    activation,
                    gate == 0 ? 0 : gate + column * Float.BYTES,
                    factor == 0 ? 0 : factor + element * factorFormat.bytes(),
                    factorFormat);
        }
    }

    /** out = y, without anything else. */
    static ProductEpilogue store(long out, Format format, int pitch) {
        return new ProductEpilogue(out, format, pitch, 0, 0, 0, 0, 0, Join.STORE_IT, 1);
    }

    ProductEpilogue withRowScale(long scales) {
        return new ProductEpilogue(out, format, pitch, scales, colScale, colStep, bias, addend, join, strength);
    }

    ProductEpilogue withColScale(long scales, int step) {
        return new ProductEpilogue(out, format, pitch, rowScale, scales, step, bias, addend, join, strength);
    }

    ProductEpilogue withBias(long values) {
        return new ProductEpilogue(out, format, pitch, rowScale, colScale, colStep, values, addend, join, strength);
    }

    ProductEpilogue withAddend(long values) {
        return new ProductEpilogue(out, format, pitch, rowScale, colScale, colStep, bias, values, join, strength);
    }

    ProductEpilogue withJoin(Join other) {
        return new ProductEpilogue(out, format, pitch, rowScale, colScale, colStep, bias, addend, other, strength);
    }

    ProductEpilogue withStrength(float factor) {
        return new ProductEpilogue(out, format, pitch, rowScale, colScale, colStep, bias, addend, join, factor);
    }

    /** This epilogue for the columns from {@code column} on. */
    ProductEpilogue fromColumn(long column) {
        return new ProductEpilogue(
                out + column * format.bytes(),
                format,
                pitch,
                rowScale,
                colScale == 0 ? 0 : colScale + column * colStep * Float.BYTES,
                colStep,
                bias == 0 ? 0 : bias + column * Float.BYTES,
                addend == 0 ? 0 : addend + column * Float.BYTES,
                join.at(column, column),
                strength);
    }

    /** This epilogue with out and factor moved to row {@code row}; scales and addend stay. */
    ProductEpilogue fromRow(long row) {
        return new ProductEpilogue(
                out + row * pitch * format.bytes(),
                format,
                pitch,
                rowScale,
                colScale,
                colStep,
                bias,
                addend,
                join.at(row * pitch, 0),
                strength);
    }

    /** This epilogue for the rows from {@code row} on. */
    ProductEpilogue rows(long row) {
        return fromRow(row)
                .withRowScale(rowScale == 0 ? 0 : rowScale + row * Float.BYTES)
                .withAddend(addend == 0 ? 0 : addend + row * pitch * Float.BYTES);
    }

    /** Appends the structure {@code Epilogue}. */
    KernelArguments write(KernelArguments arguments, long rows, long columns) {
        return arguments
                .pointer(out)
                .pointer(rowScale)
                .pointer(colScale)
                .pointer(bias)
                .pointer(addend)
                .pointer(join.gate())
                .pointer(join.factor())
                .int32(rows)
                .int32(columns)
                .int32(pitch)
                .int32(colStep)
                .int32(join.kind())
                .int32(join.activation())
                .int32(join.factorFormat() == Format.F32 ? 1 : 0)
                .float32(strength);
    }
}
