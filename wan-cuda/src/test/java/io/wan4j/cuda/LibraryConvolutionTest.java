package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cuda.CudaSettings.Libraries;
import io.wan4j.cuda.library.Cudnn;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.testkit.ContractCase;
import io.wan4j.testkit.ContractGroup;
import io.wan4j.testkit.ErrorModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** cuDNN as an alternative for convolutions, played by a fake that computes on the memory of the simulated device. */
class LibraryConvolutionTest {
    private final SimulatedCudaDriver driver = SimulatedDevices.driver();
    private final FakeCudnn library = new FakeCudnn(driver);
    private final List<String> kernels = new ArrayList<>();

    private Device open(Libraries use, String rows, MemorySizes sizes) {
        driver.listen(report -> kernels.add(report.kernel()));
        return LibraryDevices.open(
                driver,
                sizes,
                use,
                new LibrarySource(
                        LibraryDevices::noCublasLt, () -> Cudnn.find(() -> library), LibraryDevices.table(rows)));
    }

    private Device open(Libraries use) {
        return open(use, "", SimulatedDevices.smallSizes());
    }

    private static MemorySizes withScratch(long bytes) {
        MemorySizes small = SimulatedDevices.smallSizes();
        return new MemorySizes(small.workspace(), small.growth(), bytes, small.staging(), small.slab());
    }

    private static void run(Device device, Predicate<ContractCase> wanted) {
        List<ContractCase> cases = ContractGroup.CONVOLUTION.cases(ActivationFormats.BF16, false).stream()
                .filter(wanted)
                .toList();
        assertThat(cases).isNotEmpty();
        for (ContractCase one : cases) {
            one.run(device, ErrorModel.BF16, Set.of());
        }
    }

    /** Whole pieces of channels, so that the library may take them. */
    private static boolean isWhole(ContractCase one) {
        return one.name().contains("BF16 to")
                && (one.name().contains("x8 by 16,") || one.name().contains("x16 by 8,"));
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(library.alive()).isZero();
        assertThat(driver.alive()).isZero();
    }

    @Test
    void everyCaseHoldsAndOursComputesWhatTheLibraryCannotTake() {
        try (Device device = open(Libraries.ON)) {
            run(device, one -> true);
        }
        assertThat(library.runs).isPositive();
        assertThat(kernels).anyMatch(kernel -> kernel.startsWith("convolution_bf16"));
    }

    @Test
    void libraryComputesWholePiecesAlone() {
        try (Device device = open(Libraries.ON)) {
            run(device, LibraryConvolutionTest::isWhole);
        }
        assertThat(kernels).isNotEmpty().noneMatch(kernel -> kernel.startsWith("convolution"));
        assertThat(kernels).contains("join_product_f32_bf16");
    }

    @Test
    void littleScratchMeansFewerRowsAtATime() {
        try (Device device = open(Libraries.ON)) {
            run(device, LibraryConvolutionTest::isWhole);
        }
        int whole = library.runs;
        library.workspace = 0;
        kernels.clear();
        try (Device device = open(Libraries.ON, "", withScratch(4 << 10))) {
            run(device, LibraryConvolutionTest::isWhole);
        }
        assertThat(library.runs - whole).isGreaterThan(whole);
        assertThat(kernels).noneMatch(kernel -> kernel.startsWith("convolution"));
    }

    @Test
    void withoutScratchForARowOursComputes() {
        try (Device device = open(Libraries.ON, "", withScratch(1 << 10))) {
            run(device, one -> isWhole(one) && one.name().endsWith("added"));
        }
        assertThat(kernels).anyMatch(kernel -> kernel.startsWith("convolution_bf16"));
    }

    @Test
    void workspaceBeyondScratchLeavesItToOurs() {
        library.workspace = 1L << 40;
        try (Device device = open(Libraries.ON)) {
            run(device, LibraryConvolutionTest::isWhole);
        }
        assertThat(library.runs).isZero();
    }

    @Test
    void inputIsChannelsLastAndPaddedByTheLibrary() {
        try (Device device = open(Libraries.ON)) {
            run(device, one -> isWhole(one) && one.name().startsWith("2+2x5x6x8"));
            FakeCudnn.Descriptor convolution = library.convolutions.get(0);
            FakeCudnn.Descriptor x = library.tensor(convolution, 704);
            assertThat(x.numbers(902)).containsExactly(1, 8, 3, 5, 6);
            assertThat(x.numbers(903)).containsExactly(3 * 5 * 6 * 8, 1, 5 * 6 * 8, 6 * 8, 8);
            FakeCudnn.Descriptor w = library.tensor(convolution, 703);
            assertThat(w.numbers(902)).containsExactly(16, 8, 3, 3, 3);
            assertThat(w.numbers(903)).containsExactly(27 * 8, 1, 9 * 8, 3 * 8, 8);
            assertThat(library.linked(convolution, 702).numbers(105)).containsExactly(0, 1, 1);
            assertThat(library.linked(convolution, 702).numbers(104)).containsExactly(0, 1, 1);
        }
    }

    @Test
    void measuredUsesTheLibraryWhereTheTableSaysSo() {
        try (Device device = open(Libraries.MEASURED)) {
            run(device, LibraryConvolutionTest::isWhole);
        }
        assertThat(library.runs).isZero();
        String row = driver.info().capability() + "\tconvolution_bf16\tsmall\tlibrary\tresults/test.json";
        try (Device device = open(Libraries.MEASURED, row, SimulatedDevices.smallSizes())) {
            run(device, LibraryConvolutionTest::isWhole);
        }
        assertThat(library.runs).isPositive();
    }

    @Test
    void offNeverLooks() {
        try (Device device = open(Libraries.OFF)) {
            run(device, LibraryConvolutionTest::isWhole);
        }
        assertThat(library.questions).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cudnnCreate", "cudnnBackendFinalize", "cudnnBackendCreateDescriptor"})
    void libraryThatFailsToPrepareIsLeftAlone(String function) {
        library.failing.put(function, 1001);
        try (Device device = open(Libraries.ON)) {
            run(device, LibraryConvolutionTest::isWhole);
        }
        assertThat(library.runs).isZero();
    }

    @Test
    void shapesTheLibraryDoesNotOfferAreOurs() {
        library.mostChannels = 8;
        try (Device device = open(Libraries.ON)) {
            run(device, LibraryConvolutionTest::isWhole);
        }
        assertThat(library.runs).isPositive();
        assertThat(kernels).anyMatch(kernel -> kernel.startsWith("convolution_bf16"));
    }
}
