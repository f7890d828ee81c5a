package io.wan4j.quant;

import io.wan4j.checkpoint.quantise.StoredRows;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.WeightSource;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * That input channels shall be balanced before a transformer is quantised to INT8; see {@link BalancedWeights}.
 *
 * @param maxima file of {@link ChannelMaxima}, seen on examples
 * @param exponent how much of the difficulty goes from activations to weights, 0 to 1
 */
public record Balance(Path maxima, double exponent) {
    private static final String WEIGHT = ".weight";
    /** Bytes of a piece that is read at a time: so few are copied and not mapped, which bounds memory. */
    private static final int PIECE = 1 << 16;

    /** Checks the exponent. */
    public Balance {
        if (!(exponent >= 0 && exponent <= 1)) {
            throw new IllegalArgumentException("balance: expected an exponent of 0 to 1, got " + exponent);
        }
    }

    /**
     * The balanced weights. Reads all weights that are balanced once.
     *
     * @throws io.wan4j.error.CheckpointException if the file lacks one of their layers or has another width for it
     */
    BalancedWeights of(WeightSource source) {
        ChannelMaxima seen = ChannelMaxima.read(maxima);
        Map<String, float[]> factors = new TreeMap<>();
        for (String name : source.names()) {
            if (!name.endsWith(WEIGHT)) {
                continue;
            }
            String layer = name.substring(0, name.length() - WEIGHT.length());
            if (BalancedWeights.canBalance(layer)) {
                float[] weights = largestOfColumns(source.find(name).orElseThrow());
                float[] activations = seen.of(layer, weights.length, maxima);
                factors.put(layer, ChannelBalance.factors(activations, weights, exponent));
            }
        }
        return new BalancedWeights(source, factors);
    }

    /** The largest magnitude of each column of a weight, computed on all cores. */
    public static float[] largestOfColumns(StoredTensor weight) {
        StoredRows rows = new StoredRows(weight);
        int columns = rows.columns();
        int piece = Math.max(1, PIECE / (Float.BYTES * Math.max(1, columns)));
        return IntStream.range(0, (rows.rows() + piece - 1) / piece)
                .parallel()
                .mapToObj(group -> {
                    int first = group * piece;
                    int count = Math.min(piece, rows.rows() - first);
                    float[] values = new float[count * columns];
                    rows.read(first, count, values);
                    float[] largest = new float[columns];
                    for (int i = 0; i < values.length; i++) {
                        largest[i % columns] = Math.max(largest[i % columns], Math.abs(values[i]));
                    }
                    return largest;
                })
                .reduce(new float[columns], ChannelMaxima::larger);
    }
}
