package io.wan4j.cpu;

import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code epilogue(x W^T + b + sum_i s_i B_i (A_i x))}, a chunk of rows at a time. */
final class LinearKernel {
    private static final int CHUNK = 256;

    private final Workers workers;
    private final Product product;

    LinearKernel(Workers workers) {
        this.workers = workers;
        this.product = new Product(workers);
    }

    /** A low-rank branch's result for the rows of a chunk. */
    private record Branch(float[] y, float strength) {}

    void run(Tensor x, Linear layer, Epilogue epilogue, Tensor out) {
        WeightRows weight = WeightRows.of(layer.weight());
        Input input = new Input(x, layer);
        Output output = new Output(layer, weight, epilogue, out);
        int rows = Math.toIntExact(x.shape().rows());
        int chunk = Math.min(CHUNK, rows);
        float[] values = new float[chunk * weight.in()];
        float[] scales = new float[chunk];
        float[] y = new float[chunk * weight.out()];
        for (int first = 0; first < rows; first += CHUNK) {
            int from = first;
            int count = Math.min(CHUNK, rows - first);
            workers.forRanges(count, (a, b) -> input.read(from, a, b, values));
            List<Branch> branches = branches(values, count, layer.adapters());
            workers.forRanges(count, (a, b) -> input.quantise(from, a, b, values, scales));
            product.multiply(values, count, weight, y);
            workers.forRanges(count, (a, b) -> output.write(from, a, b, y, scales, branches));
        }
    }

    private List<Branch> branches(float[] x, int rows, List<Linear.LowRank> adapters) {
        List<Branch> branches = new ArrayList<>();
        for (Linear.LowRank adapter : adapters) {
            WeightRows down = WeightRows.of(adapter.down());
            WeightRows up = WeightRows.of(adapter.up());
            float[] low = new float[rows * down.out()];
            float[] y = new float[rows * up.out()];
            product.multiply(x, rows, down, low);
            product.multiply(low, rows, up, y);
            branches.add(new Branch(y, adapter.strength()));
        }
        return branches;
    }

    /** Rows of the input: as they are, as the codes that they hold, or as codes made here. */
    private static final class Input {
        private final Rows rows;
        private final int columns;
        private final Format format;
        private final float[] given;
        private final boolean dynamic;

        Input(Tensor x, Linear layer) {
            this.rows = Rows.of(x);
            this.columns = rows.columns();
            Optional<Tensor> scales = x.scales();
            this.given = scales.map(Rows::all).orElse(new float[0]);
            this.dynamic = scales.isEmpty()
                    && layer.weight() instanceof Scaled scaled
                    && scaled.activations() == ActivationMode.DYNAMIC_8BIT;
            this.format =
                    layer.weight() instanceof Scaled scaled ? scaled.codes().format() : x.format();
        }

        void read(int first, int a, int b, float[] values) {
            for (int r = a; r < b; r++) {
                rows.read(first + r, values, r * columns);
            }
        }

        void quantise(int first, int a, int b, float[] values, float[] scales) {
            for (int r = a; r < b; r++) {
                if (dynamic) {
                    scales[r] = Quantiser.quantise(values, r * columns, columns, format);
                } else {
                    scales[r] = given.length > 0 ? given[first + r] : 1;
                }
            }
        }
    }

    /** Scales, bias, branches and epilogue of finished rows. */
    private static final class Output {
        private final int columns;
        private final WeightRows weight;
        private final float[] bias;
        private final Epilogue epilogue;
        private final Quantiser.Sink sink;
        private final Rows out;
        private final float[] gate;
        private final Optional<Rows> factor;

        Output(Linear layer, WeightRows weight, Epilogue epilogue, Tensor out) {
            this.columns = weight.out();
            this.weight = weight;
            this.bias = layer.bias().map(Rows::all).orElseGet(() -> new float[weight.out()]);
            this.epilogue = epilogue;
            this.sink = new Quantiser.Sink(out);
            this.out = Rows.of(out);
            this.gate = epilogue instanceof Epilogue.AddGatedTo gated ? Rows.all(gated.gate()) : new float[0];
            this.factor = epilogue instanceof Epilogue.Multiply multiply
                    ? Optional.of(Rows.of(multiply.factor()))
                    : Optional.empty();
        }

        void write(int first, int a, int b, float[] y, float[] scales, List<Branch> branches) {
            float[] other = new float[columns];
            for (int r = a; r < b; r++) {
                int at = r * columns;
                for (int j = 0; j < columns; j++) {
                    y[at + j] = y[at + j] * scales[r] * weight.scale(j) + bias[j];
                }
                for (Branch branch : branches) {
                    for (int j = 0; j < columns; j++) {
                        y[at + j] += branch.strength() * branch.y()[at + j];
                    }
                }
                join(first + r, y, at, other);
                sink.write(first + r, y, at);
            }
        }

        private void join(int row, float[] y, int at, float[] other) {
            if (epilogue instanceof Epilogue.Activate activate) {
                Pointwise.apply(activate.activation(), y, at, columns);
            } else if (factor.isPresent()) {
                factor.get().read(row, other, 0);
                for (int j = 0; j < columns; j++) {
                    y[at + j] *= other[j];
                }
            } else if (!(epilogue instanceof Epilogue.Store)) {
                out.read(row, other, 0);
                for (int j = 0; j < columns; j++) {
                    y[at + j] = other[j] + (gate.length > 0 ? gate[j] * y[at + j] : y[at + j]);
                }
            }
        }
    }
}
