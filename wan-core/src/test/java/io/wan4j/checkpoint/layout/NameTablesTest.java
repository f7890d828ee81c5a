package io.wan4j.checkpoint.layout;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.DryCheckpoint;
import io.wan4j.checkpoint.HeapBytes;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NameTablesTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "dit_original_to_diffusers, TRANSFORMER",
        "tiny_a_original_to_diffusers, TRANSFORMER",
        "t5_original_to_hf_umt5, TEXT_ENCODER",
        "vae_original_to_diffusers, VAE"
    })
    void renamesEveryTensorBothWaysAsInTheTable(String list, Component component) {
        Map<String, List<String>> table = DryCheckpoint.renames(list);
        Layout layout = diffusers(component);
        Map<String, CheckpointTensor> canonical = new LinkedHashMap<>();
        table.keySet().forEach(name -> canonical.put(name, small(name)));

        Map<String, CheckpointTensor> stored = layout.fromCanonical(canonical);

        Set<String> expected =
                table.values().stream().map(names -> names.get(0)).collect(Collectors.toSet());
        assertThat(stored.keySet()).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(layout.recognises(stored.keySet())).isTrue();
        assertThat(layout.recognises(canonical.keySet())).isFalse();
        assertThat(layout.toCanonical(stored).keySet()).isEqualTo(canonical.keySet());
        table.forEach((name, names) ->
                assertThat(layout.fromCanonical(Map.of(name, small(name)))).containsOnlyKeys(names.get(0)));
    }

    @Test
    void visionTowerIsSplitAsInTheTable() {
        Map<String, List<String>> table = DryCheckpoint.renames("clip_original_to_hf_vision");
        Path file = DryCheckpoint.write(folder.resolve("clip.safetensors"), DryCheckpoint.specs("clip_original"));
        try (ModelPart clip = ModelPart.open(file)) {
            Layout layout = diffusers(Component.IMAGE_ENCODER);
            Map<String, CheckpointTensor> stored = layout.fromCanonical(clip.tensors());
            Set<String> expected = table.entrySet().stream()
                    .filter(entry -> entry.getKey().startsWith("visual.")
                            && !entry.getKey().equals("visual.head"))
                    .flatMap(entry -> entry.getValue().stream())
                    .collect(Collectors.toSet());
            assertThat(stored.keySet()).containsExactlyInAnyOrderElementsOf(expected);
            assertThat(layout.recognises(stored.keySet())).isTrue();
            Map<String, CheckpointTensor> back = layout.toCanonical(stored);
            clip.tensors().forEach((name, tensor) -> {
                if (name.startsWith("visual.") && !name.equals("visual.head")) {
                    assertThat(back).containsKey(name);
                    assertThat(requireNonNull(back.get(name)).shape()).isEqualTo(tensor.shape());
                }
            });
        }
    }

    @Test
    void diffusersTransformerHasTheShapesOfTheOriginal() {
        Map<String, TensorSpec> original = DryCheckpoint.specs("dit_14B_i2v_original");
        Map<String, TensorSpec> diffusers = DryCheckpoint.specs("dit_14B_i2v_diffusers");
        DryCheckpoint.renames("dit_original_to_diffusers").forEach((name, stored) -> {
            assertThat(diffusers).containsKey(stored.get(0));
            assertThat(requireNonNull(diffusers.get(stored.get(0))).shape())
                    .isEqualTo(requireNonNull(original.get(name)).shape());
        });
    }

    @Test
    void unknownNamesStayAsTheyAre() {
        NameTable table = NameTable.of("blocks.*.a = layer.*.b\nblocks.*.a.c = other.*");
        assertThat(table.stored("blocks.12.a.weight")).isEqualTo("layer.12.b.weight");
        assertThat(table.stored("blocks.12.a.c.weight")).isEqualTo("other.12.weight");
        assertThat(table.stored("blocks.x.a.weight")).isEqualTo("blocks.x.a.weight");
        assertThat(table.stored("blocks.1")).isEqualTo("blocks.1");
        assertThat(table.canonical("layer.0.b")).isEqualTo("blocks.0.a");
    }

    private static Layout diffusers(Component component) {
        return Layouts.DIFFUSERS.stream()
                .filter(layout -> layout.component() == component)
                .findFirst()
                .orElseThrow();
    }

    private static CheckpointTensor small(String name) {
        return new CheckpointTensor(name, Shape.of(1), Format.U8, new HeapBytes(new byte[1], Path.of("x")));
    }
}
