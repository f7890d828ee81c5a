package io.wan4j.cpu;

import io.wan4j.spi.Activation;
import io.wan4j.tensor.Tensor;
import java.util.concurrent.atomic.AtomicBoolean;

/** Operations on single elements or whole rows. */
final class ElementKernels {
    private static final int BLOCK = 4096;

    private final Workers workers;

    ElementKernels(Workers workers) {
        this.workers = workers;
    }

    void gather(Tensor table, int[] ids, Tensor out) {
        Rows source = Rows.of(table);
        Rows target = Rows.of(out);
        workers.forRanges(ids.length, (a, b) -> {
            float[] values = new float[source.columns()];
            for (int i = a; i < b; i++) {
                source.read(ids[i], values, 0);
                target.write(i, values, 0);
            }
        });
    }

    void activate(Tensor x, Activation activation, Tensor out) {
        Rows source = Rows.of(x);
        Rows target = Rows.of(out);
        workers.forRanges(source.count(), (a, b) -> {
            float[] values = new float[source.columns()];
            for (int row = a; row < b; row++) {
                source.read(row, values, 0);
                Pointwise.apply(activation, values, 0, values.length);
                target.write(row, values, 0);
            }
        });
    }

    void modulation(Tensor parameter, Tensor time, Tensor out) {
        Rows parameters = Rows.of(parameter);
        Rows times = Rows.of(time);
        Rows target = Rows.of(out);
        float[] values = new float[parameters.columns()];
        float[] added = new float[parameters.columns()];
        for (int row = 0; row < parameters.count(); row++) {
            parameters.read(row, values, 0);
            times.read(times.count() == 1 ? 0 : row, added, 0);
            for (int i = 0; i < values.length; i++) {
                values[i] += added[i];
            }
            target.write(row, values, 0);
        }
    }

    /** The shapes may differ: both are seen as one row and cut anew. */
    void copy(Tensor x, Tensor out) {
        int count = Math.toIntExact(x.shape().count());
        Rows source = Rows.of(x.reshape(count));
        Rows target = Rows.of(out.reshape(count));
        workers.forRanges(count, (a, b) -> {
            float[] values = new float[Math.min(BLOCK, b - a)];
            for (int i = a; i < b; i += BLOCK) {
                int length = Math.min(BLOCK, b - i);
                source.read(0, i, length, values, 0);
                target.write(0, i, length, values, 0);
            }
        });
    }

    boolean allFinite(Tensor x) {
        Rows source = Rows.of(x);
        AtomicBoolean finite = new AtomicBoolean(true);
        workers.forRanges(source.count(), (a, b) -> {
            float[] values = new float[source.columns()];
            for (int row = a; row < b && finite.get(); row++) {
                source.read(row, values, 0);
                for (float value : values) {
                    if (!Float.isFinite(value)) {
                        finite.set(false);
                        return;
                    }
                }
            }
        });
        return finite.get();
    }
}
