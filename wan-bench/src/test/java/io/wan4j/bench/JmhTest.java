package io.wan4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.VerboseMode;

class JmhTest {
    private final PrintWriter out = new PrintWriter(new StringWriter());

    @Test
    void everyBenchmarkIsListed() {
        assertThat(BenchmarkList.defaultList()
                        .getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of()))
                .extracting(entry -> entry.getUsername())
                .containsExactlyInAnyOrder(
                        "io.wan4j.bench.AttentionBenchmark.attention",
                        "io.wan4j.bench.ConvolutionBenchmark.convolution",
                        "io.wan4j.bench.LinearBenchmark.linear",
                        "io.wan4j.bench.RowBenchmark.normModulate",
                        "io.wan4j.bench.RowBenchmark.rmsNormRope");
    }

    @Test
    void benchmarkRunsOnceInThisProcess() {
        assertThat(Jmh.run(
                        List.of(
                                "RowBenchmark.normModulate",
                                "-p",
                                "tokens=16",
                                "-p",
                                "device=reference",
                                "-f",
                                "0",
                                "-wi",
                                "0",
                                "-i",
                                "1",
                                "-r",
                                "1ms",
                                "-v",
                                "SILENT"),
                        out))
                .singleElement()
                .satisfies(result ->
                        assertThat(result.getPrimaryResult().getScore()).isPositive());
    }

    @Test
    void unknownBenchmarkIsAnError() {
        assertThatThrownBy(() -> Jmh.run(List.of("NoSuchBenchmark", "-v", "SILENT"), out))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--jmh");
    }
}
