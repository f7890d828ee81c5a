package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.spi.Device;
import io.wan4j.testkit.ContractGroup;
import io.wan4j.testkit.ErrorModel;
import io.wan4j.testkit.ptx.SimulatorOptions;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** The contract of linear layers and attention on warp groups, on a simulated device of compute capability 9.0. */
@TestInstance(Lifecycle.PER_CLASS)
class HopperContractTest {
    private final Set<String> kernels = new TreeSet<>();
    private final SimulatedCudaDriver driver = SimulatedDevices.hopper(SimulatorOptions.full());
    private final Device device = SimulatedDevices.open(driver, ProductKernels.WARP_GROUPS);

    HopperContractTest() {
        driver.listen(report -> kernels.add(report.kernel()));
    }

    private Stream<DynamicTest> tests(ContractGroup group) {
        return group.cases(device.formats(), false).stream()
                .map(one -> DynamicTest.dynamicTest(
                        one.name(), () -> one.run(device, ErrorModel.of(device.formats()), Set.of())));
    }

    @TestFactory
    Stream<DynamicTest> weightsInputsAndEpilogues() {
        return tests(ContractGroup.LINEAR);
    }

    @TestFactory
    Stream<DynamicTest> extremes() {
        return tests(ContractGroup.LINEAR_EXTREMES);
    }

    @TestFactory
    Stream<DynamicTest> attention() {
        return tests(ContractGroup.ATTENTION);
    }

    @AfterAll
    void everyFormatWentThroughWarpGroups() {
        device.close();
        assertThat(driver.alive()).isZero();
        assertThat(kernels)
                .contains(
                        "attention_group_bf16_128",
                        "gemm_group_bf16_bf16_medium",
                        "gemm_group_bf16_f32_medium",
                        "gemm_group_e4m3_bf16_medium",
                        "gemm_group_e4m3_f32_medium",
                        "gemm_group_s8_bf16_medium",
                        "gemm_group_s8_f32_medium")
                .noneMatch(kernel -> kernel.matches("gemm_(bf16|s8|e4m3)_.*"));
    }
}
