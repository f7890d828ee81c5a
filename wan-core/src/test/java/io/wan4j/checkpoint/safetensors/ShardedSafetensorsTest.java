package io.wan4j.checkpoint.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardedSafetensorsTest {
    @TempDir
    Path folder;

    @BeforeEach
    void writeShards() {
        write("1.safetensors", "a");
        write("2.safetensors", "b");
    }

    @Test
    void goldenShardsHoldEveryTensorOnce() {
        Path index = Goldens.path("pipeline/Wan2.1-I2V-tiny/diffusion_pytorch_model.safetensors.index.json");
        try (ShardedSafetensors files = ShardedSafetensors.open(index)) {
            assertThat(files.names()).hasSize(87);
            assertThat(files.files()).hasSize(2);
            assertThat(files.tensor("blocks.1.ffn.2.weight").shape()).isEqualTo(Shape.of(128, 256));
        }
    }

    @Test
    void missingShardIsNamed() throws IOException {
        Path index = index("{\"weight_map\":{\"a\":\"1.safetensors\",\"c\":\"3.safetensors\"}}");
        assertRefused(index, "3.safetensors: expected this shard");
    }

    @Test
    void tensorInAnotherShardIsNamed() throws IOException {
        Path index = index("{\"weight_map\":{\"a\":\"2.safetensors\",\"b\":\"1.safetensors\"}}");
        assertRefused(index, "a: expected in 2.safetensors according to x.index.json, got it in 1.safetensors");
    }

    @Test
    void tensorThatNoShardHoldsIsNamed() throws IOException {
        Path index = index("{\"weight_map\":{\"a\":\"1.safetensors\",\"c\":\"1.safetensors\"}}");
        assertRefused(index, "c: expected according to x.index.json");
    }

    @Test
    void tensorThatTheIndexDoesNotListIsNamed() throws IOException {
        write("2.safetensors", "b", "z");
        Path index = index("{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}");
        assertRefused(index, "z: expected in no shard");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "",
                "nothing",
                "{\"weight_map\":{\"a\":7}}",
                "{\"weight_map\":{\"a\":\"../1.safetensors\"}}",
                "{\"weight_map\":{\"a\":\"/etc/passwd\"}}",
                "{\"weight_map\":{\"a\":\"..\"}}",
                "{\"weight_map\":{\"a\":\"1.safetensors\",\"a\":\"2.safetensors\"}}"
            })
    void unusableIndexIsRefused(String json) throws IOException {
        assertRefused(index(json), "x.index.json");
    }

    @Test
    void deeplyNestedIndexIsRefused() throws IOException {
        assertRefused(index("[".repeat(1_000_000)), "x.index.json");
    }

    private static void assertRefused(Path index, String message) {
        assertThatThrownBy(() -> ShardedSafetensors.open(index))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(message);
    }

    private Path index(String json) throws IOException {
        return Files.writeString(folder.resolve("x.index.json"), json);
    }

    private void write(String file, String... names) {
        List<TensorSpec> specs = java.util.Arrays.stream(names)
                .map(name -> new TensorSpec(name, Format.F32, Shape.of(1)))
                .toList();
        try (SafetensorsWriter writer = SafetensorsWriter.create(folder.resolve(file), specs, Map.of())) {
            specs.forEach(spec -> writer.write(spec.name(), new float[1]));
            writer.finish();
        }
    }
}
