package io.wan4j.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.error.DeviceException;
import io.wan4j.error.UnsupportedException;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HostMemoryTest {
    private final HostMemory memory = new HostMemory(OptionalLong.of(8 << 20));

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void tensorsAreAligned() {
        Workspace workspace = memory.workspace();
        workspace.mark();
        for (int i = 1; i < 50; i++) {
            Tensor tensor = workspace.allocate(Shape.of(i), Format.BF16);
            assertThat(HostMemory.bytes(tensor).alignmentOffset(0, Workspace.ALIGNMENT))
                    .isZero();
        }
        try (Arena arena = memory.arena()) {
            Tensor tensor = arena.allocate(Shape.of(3), Format.I8);
            assertThat(HostMemory.bytes(tensor).alignmentOffset(0, Workspace.ALIGNMENT))
                    .isZero();
        }
    }

    @Test
    void moreThanTheLimitNamesAskedAndFree() {
        memory.workspace().allocate(Shape.of(1 << 20), Format.F32);
        assertThatThrownBy(() -> memory.workspace().allocate(Shape.of(5 << 20), Format.I8))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("5242880")
                .hasMessageContaining("free are 4194304 of 8388608");
        assertThatThrownBy(() -> memory.arena().allocate(Shape.of(5 << 20), Format.I8))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("5242880");
    }

    @Test
    void tensorBeyondTwoGibibytesIsRefusedClearly() {
        assertThatThrownBy(() -> memory.arena().allocate(Shape.of(1L << 29), Format.F32))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining("2 GiB");
    }

    @Test
    void useAfterCloseIsAnError() {
        Arena arena = memory.arena();
        Tensor kept = arena.allocate(Shape.of(4), Format.F32);
        Tensor part = kept.slice(1, 2);
        arena.close();
        arena.close();
        assertThatThrownBy(() -> HostMemory.bytes(kept)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> HostMemory.bytes(part)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> arena.allocate(Shape.of(1), Format.F32)).isInstanceOf(IllegalStateException.class);
        assertThat(memory.inArenas()).isZero();
    }

    @Test
    void outermostRewindFreesTheChunks() {
        Workspace workspace = memory.workspace();
        long outer = workspace.mark();
        long inner = workspace.mark();
        Tensor first = workspace.allocate(Shape.of(100), Format.F32);
        workspace.rewind(inner);
        assertThat(HostMemory.bytes(first).capacity()).isEqualTo(400);
        workspace.rewind(outer);
        assertThatThrownBy(() -> HostMemory.bytes(first)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void trimKeepsWhatIsInUse() {
        Workspace workspace = memory.workspace();
        workspace.mark();
        Tensor small = workspace.allocate(Shape.of(10), Format.F32);
        long mark = workspace.mark();
        Tensor large = workspace.allocate(Shape.of(3 << 20), Format.I8);
        workspace.rewind(mark);
        workspace.trim();
        assertThat(HostMemory.bytes(small).capacity()).isEqualTo(40);
        assertThatThrownBy(() -> HostMemory.bytes(large)).isInstanceOf(IllegalStateException.class);
        workspace.allocate(Shape.of(3 << 20), Format.I8);
        assertThat(workspace.peak()).isEqualTo(256 + (3 << 20));
    }

    @Test
    void sizesOfTheJvmOptionAreRead() {
        assertThat(HostMemory.parseSize("512m")).isEqualTo(512L << 20);
        assertThat(HostMemory.parseSize("3G")).isEqualTo(3L << 30);
        assertThat(HostMemory.parseSize("1000")).isEqualTo(1000);
    }
}
