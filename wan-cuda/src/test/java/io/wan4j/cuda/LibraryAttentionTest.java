package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cuda.CudaSettings.Libraries;
import io.wan4j.cuda.library.Cudnn;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** cuDNN as an alternative for attention, played by a fake that computes on the memory of the simulated device. */
class LibraryAttentionTest {
    private final SimulatedCudaDriver driver = SimulatedDevices.driver();
    private final FakeCudnn library = new FakeCudnn(driver);
    private final List<String> kernels = new ArrayList<>();

    private Device open(Libraries use, LibraryTable table, Supplier<Probed<Cudnn>> find) {
        driver.listen(report -> kernels.add(report.kernel()));
        return LibraryDevices.open(
                driver, SimulatedDevices.smallSizes(), use, new LibrarySource(LibraryDevices::noCublasLt, find, table));
    }

    private Device open(Libraries use, String rows) {
        return open(use, LibraryDevices.table(rows), () -> Cudnn.find(() -> library));
    }

    private static void runAll(Device device) {
        for (ContractCase one : ContractGroup.ATTENTION.cases(ActivationFormats.BF16, false)) {
            one.run(device, ErrorModel.BF16, Set.of());
        }
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(library.alive()).isZero();
        assertThat(driver.alive()).isZero();
    }

    @Test
    void everyAttentionCaseHoldsAndOursComputesWhatTheLibraryDoesNotOffer() {
        try (Device device = open(Libraries.ON, "")) {
            runAll(device);
        }
        assertThat(library.runs).isGreaterThan(3);
        assertThat(kernels).anyMatch(kernel -> kernel.startsWith("attention_bf16"));
    }

    @Test
    void measuredUsesTheLibraryWhereTheTableSaysSo() {
        try (Device device = open(Libraries.MEASURED, "")) {
            runAll(device);
        }
        assertThat(library.runs).isZero();
        try (Device device = open(
                Libraries.MEASURED,
                driver.info().capability() + "\tattention_bf16\tsmall\tlibrary\tresults/test.json")) {
            runAll(device);
        }
        assertThat(library.runs).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cudnnGetVersion", "cudnnBackendExecute"})
    void libraryWithoutAFunctionIsRefusedByName(String function) {
        library.missing.add(function);
        assertThat(Cudnn.find(() -> library).text()).contains("cuDNN: lacks " + function);
        try (Device device = open(Libraries.ON, "")) {
            runAll(device);
        }
        assertThat(library.runs).isZero();
    }

    @Test
    void olderLibraryIsRefusedWithBothVersions() {
        library.version = 90_700;
        assertThat(Cudnn.find(() -> library).text()).contains("9.13.0", "9.7.0", "update it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cudnnCreate", "cudnnSetStream", "cudnnBackendFinalize", "cudnnBackendCreateDescriptor"})
    void libraryThatFailsToPrepareIsLeftAlone(String function) {
        library.failing.put(function, 1001);
        try (Device device = open(Libraries.ON, "")) {
            runAll(device);
        }
        assertThat(library.runs).isZero();
    }

    @Test
    void searchOnThisMachineEndsWithAnAnswer() {
        assertThat(Cudnn.find().text()).startsWith("cuDNN");
    }
}
