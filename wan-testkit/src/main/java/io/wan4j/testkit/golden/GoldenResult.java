package io.wan4j.testkit.golden;

import java.util.Locale;

/**
 * One tensor of one case, compared.
 *
 * @param suite folder of the golden vectors, for example {@code dit}
 * @param caseName case within it
 * @param tensor name of the tensor
 * @param error what was measured
 * @param bound what is allowed
 * @param measure name of the measure
 */
public record GoldenResult(String suite, String caseName, String tensor, double error, double bound, String measure) {
    /** Whether the error is within the bound; NaN is not. */
    public boolean passed() {
        return error <= bound;
    }

    /** One line: case, tensor, error, bound, verdict. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%-4s %s/%s %s: %s %.2e (bound %.0e)",
                passed() ? "ok" : "FAIL",
                suite,
                caseName,
                tensor,
                measure,
                error,
                bound);
    }
}
