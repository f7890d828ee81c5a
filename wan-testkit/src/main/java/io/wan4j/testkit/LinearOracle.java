package io.wan4j.testkit;

import io.wan4j.spi.Activation;
import io.wan4j.testkit.QuantisedOracle.Operand;

/** Matrix products and what may happen to them, in double precision. */
final class LinearOracle {
    private final ErrorModel errors;

    LinearOracle(ErrorModel errors) {
        this.errors = errors;
    }

    /** {@code y[m][n] = sum of x[m][k] w[n][k]}, with {@code terms = k} a sum. */
    Expected product(Operand x, Operand w, int terms) {
        int rows = x.values().length / terms;
        int columns = w.values().length / terms;
        double gamma = errors.sum(terms);
        double[] values = new double[rows * columns];
        double[] slack = new double[rows * columns];
        for (int m = 0; m < rows; m++) {
            for (int n = 0; n < columns; n++) {
                double sum = 0;
                double miss = 0;
                for (int k = 0; k < terms; k++) {
                    double a = x.values()[m * terms + k];
                    double b = w.values()[n * terms + k];
                    double da = x.doubt()[m * terms + k];
                    double db = w.doubt()[n * terms + k];
                    sum += a * b;
                    miss += gamma * Math.abs(a * b) + da * (Math.abs(b) + db) + Math.abs(a) * db;
                }
                values[m * columns + n] = sum;
                slack[m * columns + n] = miss;
            }
        }
        return new Expected(values, slack);
    }

    /** y plus one value a column. */
    Expected plusRow(Expected y, float[] row) {
        double[] values = y.values().clone();
        double[] slack = y.slack().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] += row[i % row.length];
            slack[i] += errors.accumulation() * (Math.abs(y.values()[i]) + Math.abs(row[i % row.length]));
        }
        return new Expected(values, slack);
    }

    /** y plus strength times a side branch whose middle may be rounded like an operand. */
    Expected plusBranch(Expected y, Operand x, Operand down, Operand up, Branch branch) {
        Expected low = product(x, down, branch.in());
        double[] doubt = new double[low.values().length];
        for (int i = 0; i < doubt.length; i++) {
            doubt[i] = low.slack()[i] + errors.operand() * Math.abs(low.values()[i]);
        }
        Expected high = product(new Operand(low.values(), doubt), up, branch.rank());
        double[] values = y.values().clone();
        double[] slack = y.slack().clone();
        for (int i = 0; i < values.length; i++) {
            double added = branch.strength() * high.values()[i];
            values[i] += added;
            slack[i] += Math.abs(branch.strength()) * high.slack()[i]
                    + 2 * errors.accumulation() * (Math.abs(added) + Math.abs(y.values()[i]));
        }
        return new Expected(values, slack);
    }

    /**
     * Sizes of a side branch.
     *
     * @param in columns of x
     * @param rank rows of A
     * @param strength factor
     */
    record Branch(int in, int rank, float strength) {}

    /** activation(y). */
    Expected activated(Expected y, Activation activation) {
        return PointwiseOracle.of(activation, y, errors);
    }

    /** y times a factor an element. */
    Expected times(Expected y, double[] factor) {
        double[] values = y.values().clone();
        double[] slack = y.slack().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor[i];
            slack[i] = Math.abs(factor[i]) * slack[i] + errors.accumulation() * Math.abs(values[i]);
        }
        return new Expected(values, slack);
    }

    /** old + gate * y, with one gate a column. */
    Expected addedTo(Expected y, double[] old, float[] gate) {
        double[] values = y.values().clone();
        double[] slack = y.slack().clone();
        for (int i = 0; i < values.length; i++) {
            double factor = gate[i % gate.length];
            double added = factor * values[i];
            values[i] = old[i] + added;
            slack[i] = Math.abs(factor) * slack[i] + 2 * errors.accumulation() * (Math.abs(old[i]) + Math.abs(added));
        }
        return new Expected(values, slack);
    }
}
