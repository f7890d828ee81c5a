package io.wan4j.bench;

import java.util.List;
import java.util.function.Supplier;

/**
 * Work that several contenders do in turn.
 *
 * @param name what it is
 * @param shape its sizes
 * @param flops matrix operations of it, 0 where there are none
 * @param isQuick whether it is part of a quick run
 * @param contenders open their data when they are asked for
 */
record Experiment(String name, String shape, double flops, boolean isQuick, List<Supplier<Contender>> contenders) {
    Experiment {
        contenders = List.copyOf(contenders);
    }

    @Override
    public String toString() {
        return name + " " + shape;
    }
}
