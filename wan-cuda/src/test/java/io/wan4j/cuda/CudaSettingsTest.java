package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.cuda.driver.ComputeCapability;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class CudaSettingsTest {
    private static CudaSettings of(Map<String, String> values) {
        Properties properties = new Properties();
        properties.putAll(values);
        return CudaSettings.of(properties::getProperty);
    }

    @Test
    void propertiesChooseAndDefaultsStay() {
        assertThat(of(Map.of())).isEqualTo(CudaSettings.DEFAULT);
        assertThat(of(Map.of(
                        CudaSettings.LIBRARIES,
                        "off",
                        CudaSettings.FP8_SUMS,
                        "f16",
                        ProductKernels.PROPERTY,
                        "warp_groups")))
                .isEqualTo(new CudaSettings(
                        CudaSettings.Libraries.OFF, CudaSettings.Fp8Sums.F16, ProductKernels.WARP_GROUPS));
    }

    @Test
    void unknownValueIsRefusedWithThoseThatAreKnown() {
        assertThatThrownBy(() -> of(Map.of(CudaSettings.LIBRARIES, "always")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("off, measured, on")
                .hasMessageContaining("always");
        assertThatThrownBy(() -> of(Map.of(ProductKernels.PROPERTY, "wgmma")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("auto, warps, warp_groups, got wgmma");
    }

    @Test
    void choicesNameWhatMayChangeResultsOnTheDevice() {
        CudaSettings settings =
                CudaSettings.DEFAULT.withFp8Sums(CudaSettings.Fp8Sums.F16).withLibraries(CudaSettings.Libraries.ON);
        assertThat(settings.choices(true, new ComputeCapability(8, 9)))
                .isEqualTo("8-bit attention, F16 sums, libraries");
        assertThat(settings.choices(false, new ComputeCapability(9, 0))).isEqualTo("libraries");
        assertThat(CudaSettings.DEFAULT.choices(false, new ComputeCapability(8, 9)))
                .isEmpty();
    }
}
