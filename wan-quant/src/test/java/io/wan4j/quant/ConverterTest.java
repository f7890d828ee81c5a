package io.wan4j.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.layout.Quantisation;
import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.checkpoint.lora.LoraMode;
import io.wan4j.checkpoint.lora.LoraWeights;
import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import io.wan4j.error.CheckpointException;
import io.wan4j.error.UnsupportedException;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.testkit.GoldenFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ConverterTest {
    @TempDir
    private Path folder = Path.of("");

    private Path inF32() {
        Path target = folder.resolve("f32.safetensors");
        Tiny.convert(Tiny.TRANSFORMER, target, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.F32);
        return target;
    }

    @Test
    void fp8BlocksEqualTheReferencesConverterBitForBit() {
        Path target = folder.resolve("fp8");
        Tiny.convert(inF32(), target, Tiny.blocks(), TargetFormat.FP8);
        assertThat(Tiny.content(target)).isEqualTo(Tiny.content(GoldenFile.path("quant/distill_fp8")));
        assertThat(target.resolve("block_0.safetensors")).exists();
        assertThat(target.resolve("non_block.safetensors")).exists();
    }

    /** What LightX2V reads: files, their tensors' own names, shapes and formats, and the index. */
    @Test
    void fp8BlockFilesAreNamedAsTheReferencesConverterNamesThem() throws IOException {
        Path target = folder.resolve("fp8");
        Path golden = GoldenFile.path("quant/distill_fp8");
        Tiny.convert(inF32(), target, Tiny.blocks(), TargetFormat.FP8);
        for (String name : List.of("block_0.safetensors", "block_1.safetensors", "non_block.safetensors")) {
            try (SafetensorsFile ours = SafetensorsFile.open(target.resolve(name));
                    SafetensorsFile theirs = SafetensorsFile.open(golden.resolve(name))) {
                assertThat(ours.names()).containsExactlyInAnyOrderElementsOf(theirs.names());
                ours.names()
                        .forEach(tensor -> assertThat(TensorSpec.of(ours.tensor(tensor)))
                                .isEqualTo(TensorSpec.of(theirs.tensor(tensor))));
            }
        }
        String index = "diffusion_pytorch_model.safetensors.index.json";
        ObjectMapper json = new ObjectMapper();
        assertThat(json.readTree(target.resolve(index).toFile()).path("weight_map"))
                .isEqualTo(json.readTree(golden.resolve(index).toFile()).path("weight_map"));
    }

    @Test
    void int8FileEqualsTheReferencesConverterBitForBit() {
        Path target = folder.resolve("int8.safetensors");
        Tiny.convert(inF32(), target, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.INT8);
        assertThat(Tiny.content(target)).isEqualTo(Tiny.content(GoldenFile.path("quant/int8")));
    }

    @Test
    void scaledFp8FileEqualsTheGoldensBitForBit() {
        Path target = folder.resolve("comfy.safetensors");
        Tiny.convert(inF32(), target, Tiny.single(TargetLayout.COMFYUI), TargetFormat.FP8_SCALED);
        assertThat(Tiny.content(target)).isEqualTo(Tiny.content(GoldenFile.path("quant/fp8_comfy")));
        try (GoldenFile written = GoldenFile.open(target)) {
            assertThat(written.has("scaled_fp8")).isTrue();
            assertThat(written.shape("blocks.0.ffn.0.scale_weight").rank()).isZero();
        }
    }

    @Test
    void quantisingABf16SourceGivesBf16Scales() {
        Path target = folder.resolve("bf16src.safetensors");
        ConversionReport report =
                Tiny.convert(Tiny.TRANSFORMER, target, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.FP8);
        assertThat(Tiny.content(target).get("blocks.0.self_attn.q.weight_scale"))
                .startsWith("BF16 [128,1]");
        assertThat(report.errors().stream().filter(error -> error.format().equals("FP8_ROWS")))
                .hasSize(24)
                .allMatch(error -> error.relativeError() < 0.04);
        assertThat(report.worst()).hasSize(10);
        assertThat(folder.resolve("bf16src.safetensors.report.json")).exists();
    }

    @ParameterizedTest
    @EnumSource(Component.class)
    void officialToDiffusersToComfyToOfficialIsBitEqual(Component component) {
        Path source;
        try (ModelFiles files = ModelFiles.open(Tiny.MODEL)) {
            source = files.part(component).location();
        }
        Path diffusers = folder.resolve("d.safetensors");
        Path comfy = folder.resolve("c.safetensors");
        Path back = folder.resolve("o.safetensors");
        Tiny.convert(source, diffusers, Tiny.single(TargetLayout.DIFFUSERS), TargetFormat.AS_STORED);
        Tiny.convert(diffusers, comfy, Tiny.single(TargetLayout.COMFYUI), TargetFormat.AS_STORED);
        Tiny.convert(comfy, back, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.AS_STORED);
        Map<String, String> expected = Tiny.content(source);
        if (component == Component.IMAGE_ENCODER) {
            // Hugging Face's vision tower has no place for the text tower.
            expected.keySet().removeIf(name -> !name.startsWith("visual.") || name.equals("visual.head"));
        }
        assertThat(Tiny.content(back)).isEqualTo(expected);
    }

    @Test
    void shardsHoldAtMostTheirSizeAndLoad() throws IOException {
        Path target = folder.resolve("shards");
        Tiny.convert(
                Tiny.TRANSFORMER,
                target,
                new Conversion.Naming(TargetLayout.DIFFUSERS, new Packing.Shards(200_000)),
                TargetFormat.AS_STORED);
        assertThat(Tiny.content(target)).isEqualTo(Tiny.content(Tiny.TRANSFORMER));
        try (Stream<Path> files = Files.list(target)) {
            assertThat(files.filter(file -> file.toString().endsWith(".safetensors")))
                    .hasSizeGreaterThan(3);
        }
    }

    @ParameterizedTest
    @CsvSource({"FP8,FP8_ROWS", "INT8,INT8_ROWS", "FP8_SCALED,FP8_TENSOR"})
    void convertingToTheSameSchemeCopiesTheCodes(TargetFormat format, Quantisation scheme) {
        Path first = folder.resolve("first.safetensors");
        Path second = folder.resolve("second.safetensors");
        Tiny.convert(Tiny.TRANSFORMER, first, Tiny.single(TargetLayout.COMFYUI), format);
        Tiny.convert(first, second, Tiny.single(TargetLayout.OFFICIAL), format);
        assertThat(Tiny.content(second)).isEqualTo(Tiny.content(first));
        try (ModelPart part = ModelPart.open(second)) {
            assertThat(part.quantisation()).isEqualTo(scheme);
        }
    }

    @Test
    void quantisedWeightsBecomeDense() {
        Path target = folder.resolve("dense.safetensors");
        Tiny.convert(GoldenFile.path("quant/int8"), target, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.BF16);
        assertThat(Tiny.content(target))
                .allSatisfy((name, content) -> assertThat(content).startsWith("BF16"));
    }

    @Test
    void loraIsMergedAsWhenLoading() {
        Lora lora = Lora.of(GoldenFile.path("lora/A_standard_alpha_diff.safetensors"), 0.6f);
        Path target = folder.resolve("merged.safetensors");
        new Converter(
                        new Conversion(
                                Tiny.TRANSFORMER,
                                target,
                                Tiny.single(TargetLayout.OFFICIAL),
                                TargetFormat.F32,
                                List.of(lora)),
                        ConversionListener.NONE)
                .run();
        try (ModelPart base = ModelPart.open(Tiny.TRANSFORMER);
                ModelPart merged = ModelPart.open(target);
                LoraWeights expected = LoraWeights.open(base.weights(), List.of(lora), LoraMode.MERGE)) {
            for (String name : merged.tensors().keySet()) {
                assertThat(floats(merged.tensors().get(name)))
                        .as(name)
                        .isEqualTo(floats(expected.find(name).orElseThrow()));
            }
        }
    }

    @Test
    void loraIsRoundedInto8BitOnlyIfAFormatIsNamed() {
        Lora lora = Lora.of(GoldenFile.path("lora/B_lora_A_lora_B.safetensors"));
        Path int8 = GoldenFile.path("quant/int8");
        Conversion unnamed = new Conversion(
                int8,
                folder.resolve("no.safetensors"),
                Tiny.single(TargetLayout.OFFICIAL),
                TargetFormat.AS_STORED,
                List.of(lora));
        assertThatThrownBy(() -> new Converter(unnamed, ConversionListener.NONE).run())
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining("INT8 with a scale per row")
                .hasMessageContaining("rounded again");
        Conversion named = new Conversion(
                int8,
                folder.resolve("yes.safetensors"),
                Tiny.single(TargetLayout.OFFICIAL),
                TargetFormat.INT8,
                List.of(lora));
        ConversionReport report = new Converter(named, ConversionListener.NONE).run();
        assertThat(report.loras().get(0).change())
                .containsKey("blocks.0.self_attn.q.weight")
                .allSatisfy((tensor, ratio) -> assertThat(ratio).isPositive().isFinite());
        assertThat(report.loras().get(0).summary()).contains("B_lora_A_lora_B", "tensors, most of all", "of its norm");
        Map<String, String> changed = Tiny.content(folder.resolve("yes.safetensors"));
        Map<String, String> before = Tiny.content(int8);
        report.loras()
                .get(0)
                .change()
                .keySet()
                .forEach(name -> assertThat(changed.get(name)).isNotEqualTo(before.get(name)));
    }

    @Test
    void keysOfALoraThatMatchNothingAreReported() {
        Lora mixed = Lora.of(GoldenFile.path("lora/C_mixed_styles.safetensors"), 0.5f);
        Conversion conversion = new Conversion(
                Tiny.TRANSFORMER,
                folder.resolve("c.safetensors"),
                Tiny.single(TargetLayout.OFFICIAL),
                TargetFormat.BF16,
                List.of(mixed));
        ConversionReport report = new Converter(conversion, ConversionListener.NONE).run();
        assertThat(report.loras().get(0).unmatched()).isNotEmpty();
        assertThat(report.loras().get(0).summary()).contains("keys match nothing");
    }

    @Test
    void inputStaysAsItIs() throws IOException {
        Path input = folder.resolve("in.safetensors");
        Tiny.convert(Tiny.TRANSFORMER, input, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.BF16);
        byte[] before = Files.readAllBytes(input);
        java.nio.file.attribute.FileTime time = Files.getLastModifiedTime(input);
        Tiny.convert(input, folder.resolve("out.safetensors"), Tiny.single(TargetLayout.COMFYUI), TargetFormat.INT8);
        assertThat(input).hasBinaryContent(before);
        assertThat(Files.getLastModifiedTime(input)).isEqualTo(time);
    }

    private static float[] floats(StoredTensor tensor) {
        float[] all = new float[(int) tensor.shape().count()];
        FloatCodec.decode(tensor.format(), tensor.read(0, tensor.bytes()), 0, all, 0, all.length);
        return all;
    }

    @Test
    void conversionThatEndsMidwayLeavesNothingThatLoadsAndGoesOnWhereItStood() {
        Path target = folder.resolve("killed");
        Conversion conversion = new Conversion(Tiny.TRANSFORMER, target, Tiny.blocks(), TargetFormat.INT8, List.of());
        int[] written = {0};
        assertThatThrownBy(() -> new Converter(conversion, (what, done, total) -> {
                            if (++written[0] == 80) {
                                throw new IllegalStateException("stopped");
                            }
                        })
                        .run())
                .hasMessage("stopped");
        assertThat(target).doesNotExist();
        assertThatThrownBy(() -> ModelPart.open(folder).close()).isInstanceOf(CheckpointException.class);
        int[] again = {0};
        new Converter(conversion, (what, done, total) -> again[0]++).run();
        Path whole = folder.resolve("whole.safetensors");
        Tiny.convert(Tiny.TRANSFORMER, whole, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.INT8);
        assertThat(Tiny.content(target)).isEqualTo(Tiny.content(whole));
        int all = 2 * Tiny.content(whole).size();
        assertThat(again[0]).isLessThan(all);
    }

    @Test
    void existingTargetIsRefused() throws IOException {
        Path target = Files.createFile(folder.resolve("there.safetensors"));
        assertThatThrownBy(() -> Tiny.convert(
                        Tiny.TRANSFORMER, target, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.AS_STORED))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("exists");
    }
}
