package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cuda.TrafficCases.Attention;
import io.wan4j.cuda.TrafficCases.Measured;
import io.wan4j.cuda.TrafficCases.Product;
import io.wan4j.tensor.Format;
import io.wan4j.testkit.ptx.LaunchReport;
import io.wan4j.testkit.ptx.LaunchReport.Site;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Memory traffic in the main loops of products, attention and convolutions, as the simulator counts it: no bank
 * conflicts in shared memory, every global read 16 bytes a lane. The counts are compared with a committed table.
 */
class MemoryTrafficTest {
    private static final List<Format> FORMATS = List.of(Format.BF16, Format.I8, Format.F8_E4M3);
    private static final List<Format> RESULTS = List.of(Format.F32, Format.BF16);
    private static final int FULL_WIDTH = 16;
    private static final String HEAD =
            "kernel\toperands\treads\twidth\tbytes\tsectors\tleast\tshared\tconflicts\toutside\tread\twritten";

    private static final List<Measured> MEASURED = new ArrayList<>();

    @BeforeAll
    static void launchEveryKernel() {
        try (TrafficCases cases = TrafficCases.onWarps(false)) {
            products(cases);
            attention(cases);
            cases.convolution("convolution_bf16_bf16_bf16_medium", 32, 96, Format.BF16);
            cases.convolution("convolution_bf16_bf16_bf16_small", 32, 40, Format.BF16);
            cases.convolution("convolution_bf16_bf16_f32_small", 32, 8, Format.F32);
            MEASURED.addAll(cases.measured());
        }
        try (TrafficCases cases = TrafficCases.onWarps(true)) {
            cases.attention(new Attention("attention_s8_128", 131, 1, 128, List.of(150), false));
            MEASURED.addAll(cases.measured());
        }
        try (TrafficCases cases = TrafficCases.withHalfSums()) {
            for (Format out : RESULTS) {
                cases.product(new Product("gemm_%s_half_%s_large", 120, 256, 480), Format.F8_E4M3, out);
                cases.product(new Product("gemm_%s_half_%s_medium", 120, 128, 480), Format.F8_E4M3, out);
                cases.product(new Product("gemm_%s_half_%s_small", 60, 40, 480), Format.F8_E4M3, out);
            }
            MEASURED.addAll(cases.measured());
        }
        try (TrafficCases cases = TrafficCases.onWarpGroups()) {
            groupProducts(cases);
            cases.attention(new Attention("attention_group_bf16_128", 140, 2, 128, List.of(390), false));
            MEASURED.addAll(cases.measured());
        }
    }

    /** 480 bytes of depth are seven and a half slices of a ring of three or four. */
    private static void products(TrafficCases cases) {
        for (Format format : FORMATS) {
            for (Format out : RESULTS) {
                cases.product(new Product("gemm_%s_%s_large", 120, 256, 480), format, out);
                cases.product(new Product("gemm_%s_%s_medium", 120, 128, 480), format, out);
                cases.product(new Product("gemm_%s_%s_small", 60, 40, 480), format, out);
            }
        }
    }

    /** 864 bytes of depth are six and three quarter slices of a ring of four or six; two tiles for two multiprocessors. */
    private static void groupProducts(TrafficCases cases) {
        for (Format format : FORMATS) {
            for (Format out : RESULTS) {
                if (format != Format.F8_E4M3) {
                    cases.product(new Product("gemm_group_%s_%s_large", 200, 256, 864), format, out);
                }
                cases.product(new Product("gemm_group_%s_%s_medium", 200, 128, 864), format, out);
            }
        }
    }

    private static void attention(TrafficCases cases) {
        cases.attention(new Attention("attention_bf16_64", 130, 2, 64, List.of(200), false));
        cases.attention(new Attention("attention_bf16_128", 130, 2, 128, List.of(200), false));
        cases.attention(new Attention("attention_bf16_64_general", 70, 2, 64, List.of(33, 70), false));
        cases.attention(new Attention("attention_bf16_64_general", 70, 2, 64, List.of(70), true));
        cases.attention(new Attention("attention_bf16_128_general", 70, 2, 128, List.of(33, 70), false));
        cases.attention(new Attention("attention_bf16_384_general", 70, 1, 384, List.of(70), false));
    }

    private static Stream<Site> reads(LaunchReport report) {
        return report.mainLoop().stream().filter(site -> site.globalRequests() > 0);
    }

    private static boolean isBias(Measured one) {
        return one.operands().endsWith("bias");
    }

    @Test
    void mainLoopsHaveNoBankConflictsAndReadFullWidth() {
        for (Measured one : MEASURED) {
            LaunchReport report = one.report();
            assertThat(reads(report)).as(report.toString()).isNotEmpty();
            assertThat(report.mainLoop())
                    .as(report.toString())
                    .allSatisfy(site -> assertThat(site.bankConflicts()).isZero());
            assertThat(reads(report).filter(site -> site.instruction().contains("cp.async") || !isBias(one)))
                    .as(report.toString())
                    .allSatisfy(site -> assertThat(site.width()).isEqualTo(FULL_WIDTH));
        }
    }

    @Test
    void nothingOutsideOfMainLoopsConflictsEither() {
        assertThat(MEASURED)
                .extracting(Measured::report)
                .allSatisfy(report ->
                        assertThat(report.bankConflicts()).as(report.toString()).isZero());
    }

    @Test
    void committedTableIsWhatTheSimulatorCounts() throws IOException {
        List<String> built = new ArrayList<>();
        built.add(HEAD);
        MEASURED.stream().map(MemoryTrafficTest::row).sorted().forEach(built::add);
        Path file = Path.of(System.getProperty("wan.traffic.built"));
        Files.write(file, built);
        assertThat(Files.readAllLines(Path.of(System.getProperty("wan.traffic.table"))))
                .as("wan-cuda/traffic.tsv; after a change of a kernel copy target/traffic.tsv over it")
                .isEqualTo(built);
    }

    private static long bytes(LaunchReport report, boolean written) {
        return report.sites().stream()
                .filter(site -> site.instruction().contains("st.global") == written)
                .mapToLong(Site::globalBytes)
                .sum();
    }

    private static String row(Measured one) {
        LaunchReport report = one.report();
        List<Site> reads = reads(report).toList();
        List<Site> shared = report.mainLoop().stream()
                .filter(site -> site.sharedRequests() > 0)
                .toList();
        long conflicts = shared.stream().mapToLong(Site::bankConflicts).sum();
        return Stream.of(
                        report.kernel(),
                        one.operands(),
                        reads.stream().mapToLong(Site::globalRequests).sum(),
                        reads.stream()
                                .map(site -> site.instruction().contains("bulk") ? "box" : "" + site.width())
                                .distinct()
                                .sorted()
                                .collect(Collectors.joining("+")),
                        reads.stream().mapToLong(Site::globalBytes).sum(),
                        reads.stream().mapToLong(Site::sectors).sum(),
                        reads.stream().mapToLong(Site::idealSectors).sum(),
                        shared.stream().mapToLong(Site::sharedRequests).sum(),
                        conflicts,
                        report.bankConflicts() - conflicts,
                        bytes(report, false),
                        bytes(report, true))
                .map(Object::toString)
                .collect(Collectors.joining("\t"));
    }
}
