package io.wan4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.cpu.HostMemory;
import io.wan4j.error.UnsupportedException;
import io.wan4j.spi.Arena;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.HostStorage;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights in host memory stay where the checkpoint maps them. */
class PlacedWeightsTest {
    private final HostMemory memory = new HostMemory(OptionalLong.of(1 << 20));
    private final Arena arena = memory.arena();

    @AfterEach
    void close() {
        memory.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
    void floatingWeightKeepsItsFormatAndIsNotCopied(Format format) {
        MemoryTensor stored = MemoryTensor.of("w", format, new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Dense placed = (Dense) arena.place(StoredWeight.dense(stored), WeightRole.LINEAR);
        assertThat(placed.values().format()).isEqualTo(format);
        assertThat(placed.shape()).isEqualTo(Shape.of(2, 3));
        assertThat(arena.bytes()).isZero();
        stored.content().put(0, (byte) 0x55);
        assertThat(bytes(placed.values()).get(0)).isEqualTo((byte) 0x55);
    }

    @Test
    void scalesOfAnyFloatingFormatBecomeF32() {
        MemoryTensor codes = MemoryTensor.of("w", Format.I8, new float[] {1, -2, 3, -4}, 2, 2);
        MemoryTensor scale = MemoryTensor.of("w_scale", Format.BF16, new float[] {0.5f, 2}, 2, 1);
        StoredWeight stored = new StoredWeight(codes, Optional.of(scale), ActivationMode.DYNAMIC_8BIT);
        Scaled placed = (Scaled) arena.place(stored, WeightRole.LINEAR);
        assertThat(placed.scale().format()).isEqualTo(Format.F32);
        assertThat(placed.scale().shape()).isEqualTo(Shape.of(2));
        assertThat(bytes(placed.scale()).getFloat(4)).isEqualTo(2f);
        assertThat(placed.activations()).isEqualTo(ActivationMode.DYNAMIC_8BIT);
    }

    @Test
    void integersWithoutScaleAreRefusedByName() {
        MemoryTensor codes = MemoryTensor.of("blocks.3.ffn.0.weight", Format.I8, new float[4], 2, 2);
        assertThatThrownBy(() -> arena.place(StoredWeight.dense(codes), WeightRole.LINEAR))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining("blocks.3.ffn.0.weight")
                .hasMessageContaining("I8");
    }

    @Test
    void weightBeyondTwoGibibytesIsRefusedByName() {
        MemoryTensor table = new MemoryTensor(
                "token_embedding.weight", Shape.of(256_384, 4096), Format.F32, ByteBuffer.allocateDirect(0));
        assertThatThrownBy(() -> arena.place(StoredWeight.dense(table), WeightRole.TABLE))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining("token_embedding.weight")
                .hasMessageContaining("2 GiB");
    }

    private static ByteBuffer bytes(Tensor tensor) {
        return ((HostStorage) tensor.storage()).buffer();
    }
}
