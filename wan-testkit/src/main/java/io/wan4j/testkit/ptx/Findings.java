package io.wan4j.testkit.ptx;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Collects the findings of one launch, one for each instruction and kind. */
final class Findings {
    private record Key(int pc, Finding.Kind kind) {}

    private final String kernel;
    private final Map<Key, Finding> findings = new LinkedHashMap<>();

    Findings(String kernel) {
        this.kernel = kernel;
    }

    synchronized void add(Finding.Kind kind, Op op, Finding.Place place, String message) {
        findings.compute(
                new Key(op.pc, kind),
                (key, old) -> old != null
                        ? old.again()
                        : new Finding(
                                kind,
                                kernel,
                                op.source.line(),
                                op.source.text(),
                                place.block(),
                                place.thread(),
                                place.address(),
                                message,
                                1));
    }

    synchronized List<Finding> list() {
        return List.copyOf(findings.values());
    }
}
