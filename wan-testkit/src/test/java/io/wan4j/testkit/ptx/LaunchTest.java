package io.wan4j.testkit.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.error.DeviceException;
import org.junit.jupiter.api.Test;

class LaunchTest {
    private static final String KERNEL = """
            .version 9.0
            .target sm_89
            .address_size 64
            .extern .shared .align 16 .b8 dyn[];
            .global .align 4 .u32 counter;
            .visible .entry k(.param .u64 .ptr .global .align 16 a, .param .u16 b, .param .align 8 .b8 c[24], .param .f32 d)
            .maxntid 128, 1, 1
            .minnctapersm 1
            {
              .reg .b32 %r<4>; .reg .b64 %l<4>; .shared .align 4 .b8 s[20];
              mov.u32 %r0, dyn; mov.u32 %r1, s;
              ld.param.u64 %l0, [a]; ld.param.f32 %r2, [d]; ld.param.u32 %r3, [c+20];
              add.u32 %r2, %r2, %r3; st.global.u32 [%l0], %r2;
              atom.global.add.u32 %r3, [counter], 1;
              ret;
            }
            """;

    private final SimulatedGpu gpu = SimulatedGpu.ofBytes(1 << 16);
    private final PtxModule module = PtxModule.parse(KERNEL);
    private final PtxFunction kernel = module.function("k");

    @Test
    void parametersLieAtTheirAlignment() {
        assertThat(kernel.parameterCount()).isEqualTo(4);
        assertThat(new int[] {
                    kernel.parameterOffset(0),
                    kernel.parameterOffset(1),
                    kernel.parameterOffset(2),
                    kernel.parameterOffset(3)
                })
                .containsExactly(0, 8, 16, 40);
        assertThat(kernel.parameterBytes()).isEqualTo(44);
        assertThat(kernel.maxThreads()).isEqualTo(128);
        assertThat(module.target()).isEqualTo("sm_89");
        assertThat(gpu.staticSharedBytes(kernel)).isEqualTo(20);
    }

    @Test
    void parametersReachTheKernelAndVariablesStay() {
        long out = gpu.allocate(4);
        byte[] parameters = new byte[44];
        Bytes.putLong(parameters, 0, out);
        Bytes.putInt(parameters, 36, 30);
        Bytes.putInt(parameters, 40, 12);
        long counter = gpu.load(module).getOrDefault("counter", 0L);
        assertThat(gpu.launch(kernel, Grid.of(1, 1, 0), parameters).findings()).isEmpty();
        assertThat(gpu.launch(kernel, Grid.of(1, 1, 64), parameters).findings()).isEmpty();
        assertThat(Bytes.getInt(gpu.copyOut(out, 4), 0)).isEqualTo(42);
        assertThat(Bytes.getInt(gpu.copyOut(counter, 4), 0)).isEqualTo(2);
        gpu.unload(module);
        gpu.free(out);
        assertThat(gpu.allocations()).isZero();
    }

    @Test
    void impossibleLaunchesAreRefused() {
        assertThatThrownBy(() -> gpu.launch(kernel, Grid.of(1, 256, 0), new byte[44]))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("128 threads");
        assertThatThrownBy(() -> gpu.launch(kernel, Grid.of(1, 32, 99 * 1024), new byte[44]))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("shared memory");
        assertThatThrownBy(() -> gpu.launch(kernel, Grid.of(1, 32, 0), new byte[40]))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("parameters");
        assertThatThrownBy(() -> module.function("other"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[k]");
        assertThatThrownBy(() -> new Grid(new Grid.Dim(3, 1, 1), new Grid.Dim(1, 1, 1), new Grid.Dim(2, 1, 1), 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void memoryIsLimitedAndOnlyTouchedPagesExist() {
        assertThatThrownBy(() -> gpu.allocate(1 << 17)).isInstanceOf(DeviceException.class);
        SimulatedGpu large = SimulatedGpu.ofBytes(1L << 40);
        long big = large.allocate(1L << 39);
        large.copyIn(big + (1L << 38), new byte[] {1, 2, 3});
        assertThat(large.isWritten(big + (1L << 38), 3)).isTrue();
        assertThat(large.isWritten(big + (1L << 38), 4)).isFalse();
        large.copy(big + 8, big + (1L << 38), 4);
        assertThat(large.isWritten(big + 8, 3)).isTrue();
        assertThat(large.isWritten(big + 11, 1)).isFalse();
        large.markUnwritten(big, 64);
        assertThat(large.isWritten(big + 8, 1)).isFalse();
        assertThat(large.usedBytes()).isEqualTo(1L << 39);
        assertThatThrownBy(() -> large.copyOut(big - 1, 4)).isInstanceOf(DeviceException.class);
    }

    @Test
    void reportsPrintAsATable() {
        long out = gpu.allocate(4);
        byte[] parameters = new byte[44];
        Bytes.putLong(parameters, 0, out);
        LaunchReport report = gpu.launch(kernel, Grid.of(1, 1, 0), parameters);
        assertThat(report.toString())
                .startsWith("k: 9 warp instructions, 0 bank conflicts, 2 sectors for 8 bytes")
                .contains("st.global.u32 [%l0], %r2;");
    }
}
