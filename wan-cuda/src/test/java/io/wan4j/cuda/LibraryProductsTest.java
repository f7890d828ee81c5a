package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cuda.CudaSettings.Libraries;
import io.wan4j.cuda.library.CublasLt;
import io.wan4j.cuda.library.Probed;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.testkit.ContractCase;
import io.wan4j.testkit.ContractGroup;
import io.wan4j.testkit.ErrorModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** cuBLASLt as an alternative, played by a fake that computes on the memory of the simulated device. */
class LibraryProductsTest {
    private static final LibraryTable NOTHING = LibraryDevices.table("");

    private final SimulatedCudaDriver driver = SimulatedDevices.driver();
    private final FakeCublasLt library = new FakeCublasLt(driver);
    private final List<String> kernels = new ArrayList<>();
    private int searches;

    private Device open(Libraries use, LibraryTable table, Supplier<Probed<CublasLt>> find) {
        driver.listen(report -> kernels.add(report.kernel()));
        Supplier<Probed<CublasLt>> counted = () -> {
            searches++;
            return find.get();
        };
        return LibraryDevices.open(
                driver, SimulatedDevices.smallSizes(), use, new LibrarySource(counted, LibraryDevices::noCudnn, table));
    }

    private Device open(Libraries use, LibraryTable table) {
        return open(use, table, () -> CublasLt.find(() -> library));
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(library.alive()).isZero();
        assertThat(driver.alive()).isZero();
    }

    private static void run(Device device, ContractCase one) {
        one.run(device, ErrorModel.BF16, Set.of());
    }

    private static List<ContractCase> linear() {
        return Stream.of(ContractGroup.LINEAR, ContractGroup.LINEAR_EXTREMES)
                .flatMap(group -> group.cases(ActivationFormats.BF16, false).stream())
                .toList();
    }

    @Test
    void everyLinearCaseHoldsWithProductsOfTheLibrary() {
        try (Device device = open(Libraries.ON, NOTHING)) {
            linear().forEach(one -> run(device, one));
        }
        assertThat(searches).isEqualTo(1);
        assertThat(library.products).isGreaterThan(100);
        assertThat(library.refusals).isPositive(); // then our kernels compute
        assertThat(kernels)
                .contains(
                        "join_product_f32_bf16",
                        "join_product_f32_f32",
                        "join_product_s32_bf16",
                        "join_product_s32_f32")
                .anyMatch(kernel -> kernel.startsWith("gemm_s8"))
                .noneMatch(kernel -> kernel.startsWith("gemm_bf16"));
    }

    private static ContractCase some(String part) {
        return linear().stream()
                .filter(one -> one.name().contains(part))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void unmeasuredArchitectureComputesItselfAndDoesNotEvenLook() {
        try (Device device = open(Libraries.MEASURED, LibraryTable.committed())) {
            run(device, some("BF16"));
        }
        assertThat(searches).isZero();
        assertThat(library.products).isZero();
    }

    @Test
    void measuredOperationGoesToTheLibraryAndNoOther() {
        LibraryTable table =
                LibraryDevices.table(driver.info().capability() + "\tlinear_i8\tsmall\tlibrary\tresults/test.json\n"
                        + driver.info().capability() + "\tlinear_bf16\tsmall\town\tresults/test.json\n");
        try (Device device = open(Libraries.MEASURED, table)) {
            linear().forEach(one -> run(device, one));
        }
        assertThat(library.products).isPositive();
        assertThat(kernels)
                .contains("join_product_s32_bf16")
                .anyMatch(kernel -> kernel.startsWith("gemm_bf16"))
                .doesNotContain("join_product_f32_bf16");
    }

    @Test
    void offNeverLooks() {
        try (Device device = open(Libraries.OFF, NOTHING)) {
            run(device, some("BF16"));
        }
        assertThat(searches).isZero();
    }

    @Test
    void missingLibraryIsSaidAndOurKernelsCompute() {
        Supplier<Probed<CublasLt>> absent = () -> CublasLt.find(() -> {
            throw new UnsatisfiedLinkError("libcublasLt.so.13: cannot open shared object file");
        });
        assertThat(absent.get().library()).isEmpty();
        assertThat(absent.get().text()).contains("cuBLASLt: not found", "libcublasLt.so.13", "own kernels do without");
        try (Device device = open(Libraries.ON, NOTHING, absent)) {
            run(device, some("BF16"));
        }
        assertThat(kernels).anyMatch(kernel -> kernel.startsWith("gemm_"));
    }

    @Test
    void searchOnThisMachineEndsWithAnAnswer() {
        assertThat(CublasLt.find().text()).startsWith("cuBLASLt");
    }

    @Test
    void olderLibraryIsRefusedWithBothVersions() {
        library.version = 110_605;
        Probed<CublasLt> probed = CublasLt.find(() -> library);
        assertThat(probed.library()).isEmpty();
        assertThat(probed.text()).contains("12.0.0", "11.6.5");
        try (Device device = open(Libraries.ON, NOTHING)) {
            run(device, some("BF16"));
        }
        assertThat(library.products).isZero();
    }

    static Stream<String> functions() {
        return Stream.of("cublasLtGetVersion", "cublasLtCreate", "cublasLtMatmul", "cublasLtMatmulAlgoGetHeuristic");
    }

    @ParameterizedTest
    @MethodSource("functions")
    void libraryWithoutAFunctionIsRefusedByNameAndNeverCalled(String function) {
        library.missing.add(function);
        assertThat(CublasLt.find(() -> library).text()).contains("lacks " + function);
        try (Device device = open(Libraries.ON, NOTHING)) {
            run(device, some("BF16"));
        }
        assertThat(library.products).isZero();
    }

    @Test
    void libraryThatDoesNotStartIsLeftAlone() {
        library.failing.put("cublasLtCreate", 1);
        try (Device device = open(Libraries.ON, NOTHING)) {
            run(device, some("BF16"));
        }
        assertThat(library.products).isZero();
    }

    @Test
    void foundLibraryHasItsVersionInTheText() {
        assertThat(CublasLt.find(() -> library).text()).isEqualTo("cuBLASLt 13.1.0");
    }
}
