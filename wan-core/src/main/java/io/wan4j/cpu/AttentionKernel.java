package io.wan4j.cpu;

import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Softmax attention. A task is one head and a few queries; keys come in blocks, with the running maximum and sum of each
 * query's row, so no row of scores is ever whole.
 */
final class AttentionKernel {
    private static final int QUERIES = 128;
    private static final int KEYS = 256;

    private final Workers workers;

    AttentionKernel(Workers workers) {
        this.workers = workers;
    }

    void run(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        Rows queries = Rows.of(q);
        Rows results = Rows.of(out);
        Optional<Bias> bias = spec.bias().map(Bias::new);
        int size = queries.columns() / spec.heads();
        int tiles = (queries.count() + QUERIES - 1) / QUERIES;
        workers.forEach(spec.heads() * tiles, task -> {
            int head = task / tiles;
            int first = task % tiles * QUERIES;
            Tile tile = new Tile(head, size, first, Math.min(QUERIES, queries.count() - first));
            tile.readQueries(queries, spec.scale());
            for (KeyValue context : contexts) {
                tile.attend(Rows.of(context.key()), Rows.of(context.value()), bias);
            }
            tile.write(results);
        });
    }

    /** The bias table on the host. */
    private static final class Bias {
        private final float[] table;
        private final int heads;
        private final int offset;

        Bias(AttentionSpec.RelativeBias bias) {
            this.table = Rows.all(bias.table());
            this.heads = Math.toIntExact(bias.table().shape().dim(1));
            this.offset = bias.offset();
        }

        float of(int head, int query, int key) {
            return table[(key - query + offset) * heads + head];
        }
    }

    /** Some queries of one head. */
    private static final class Tile {
        private final int head;
        private final int size;
        private final int first;
        private final int count;
        private final float[] queries;
        private final float[] total;
        private final float[][] running;
        private final float[] maxima;
        private final double[] sums;
        private final float[] scores = new float[KEYS];
        private final float[][] keys;
        private final float[][] values;
        private final float[] line;

        Tile(int head, int size, int first, int count) {
            this.head = head;
            this.size = size;
            this.first = first;
            this.count = count;
            this.queries = new float[count * size];
            this.total = new float[count * size];
            this.running = new float[count][size];
            this.maxima = new float[count];
            this.sums = new double[count];
            this.keys = new float[size][KEYS];
            this.values = new float[KEYS][size];
            this.line = new float[size];
        }

        void readQueries(Rows rows, float scale) {
            for (int i = 0; i < count; i++) {
                rows.read(first + i, head * size, size, queries, i * size);
            }
            for (int i = 0; i < queries.length; i++) {
                queries[i] *= scale;
            }
        }

        void attend(Rows key, Rows value, Optional<Bias> bias) {
            for (float[] row : running) {
                Arrays.fill(row, 0);
            }
            Arrays.fill(maxima, Float.NEGATIVE_INFINITY);
            Arrays.fill(sums, 0);
            for (int from = 0; from < key.count(); from += KEYS) {
                int width = Math.min(KEYS, key.count() - from);
                readKeys(key, value, from, width);
                for (int i = 0; i < count; i++) {
                    score(i, from, width, bias);
                    weigh(i, width);
                }
            }
            for (int i = 0; i < count; i++) {
                for (int d = 0; d < size; d++) {
                    total[i * size + d] += (float) (running[i][d] / sums[i]);
                }
            }
        }

        private void readKeys(Rows key, Rows value, int from, int width) {
            for (int j = 0; j < width; j++) {
                value.read(from + j, head * size, size, values[j], 0);
                key.read(from + j, head * size, size, line, 0);
                for (int d = 0; d < size; d++) {
                    keys[d][j] = line[d];
                }
            }
        }

        private void score(int i, int from, int width, Optional<Bias> bias) {
            Arrays.fill(scores, 0);
            Panel.accumulate(queries, i * size, size, keys, 0, width, scores);
            if (bias.isPresent()) {
                for (int j = 0; j < width; j++) {
                    scores[j] += bias.get().of(head, first + i, from + j);
                }
            }
        }

        /** Adds this block's values, weighted by exp(score - maximum), after lowering what was summed to the new maximum. */
        private void weigh(int i, int width) {
            float maximum = maxima[i];
            for (int j = 0; j < width; j++) {
                maximum = Math.max(maximum, scores[j]);
            }
            float shrink = (float) Math.exp(maxima[i] - (double) maximum);
            double sum = sums[i] * shrink;
            for (int j = 0; j < width; j++) {
                scores[j] = (float) Math.exp(scores[j] - (double) maximum);
                sum += scores[j];
            }
            for (int d = 0; d < size; d++) {
                running[i][d] *= shrink;
            }
            maxima[i] = maximum;
            sums[i] = sum;
            Panel.accumulate(scores, 0, width, values, 0, size, running[i]);
        }

        void write(Rows out) {
            for (int i = 0; i < count; i++) {
                out.write(first + i, head * size, size, total, i * size);
            }
        }
    }
}
