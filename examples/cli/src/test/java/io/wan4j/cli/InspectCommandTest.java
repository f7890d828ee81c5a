package io.wan4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.wan4j.testkit.synth.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InspectCommandTest {
    private static final Path GOLDENS = Path.of(System.getProperty("wan.goldens", "goldens"));
    private static final String TINY =
            GOLDENS.resolve("pipeline/Wan2.1-I2V-tiny").toString();

    @TempDir
    private Path folder = Path.of("");

    private static JsonNode json(String... words) {
        Run run = Run.of(words);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).isEmpty();
        try {
            return new ObjectMapper().readTree(run.out());
        } catch (JsonProcessingException unsound) {
            throw new AssertionError(run.out(), unsound);
        }
    }

    @Test
    void modelFolderIsDescribedComponentByComponent() {
        JsonNode found = json("inspect", TINY, "--json");
        assertThat(found).hasSize(4);
        JsonNode transformer = found.get(0);
        assertThat(transformer.path("component").asText()).isEqualTo("diffusion transformer");
        assertThat(transformer.path("kind").asText()).startsWith("image-to-video (width 128, 2 blocks");
        assertThat(transformer.path("layout").asText()).isEqualTo("original names");
        assertThat(transformer.path("quantisation").asText()).isEqualTo("not quantised");
        assertThat(transformer.path("tensors").asInt()).isEqualTo(87);
        assertThat(transformer.path("formats").fieldNames()).toIterable().containsExactly("BF16", "F32");
        long parts = 0;
        for (JsonNode part : transformer.path("parts")) {
            parts += part.asLong();
        }
        assertThat(parts).isEqualTo(transformer.path("bytes").asLong());
        assertThat(transformer.path("fingerprint").asText()).isNotBlank();
    }

    @ParameterizedTest
    @CsvSource({
        "quant/distill_fp8, FP8 with a scale per row, original names",
        "quant/int8, INT8 with a scale per row, original names",
        "quant/fp8_comfy, FP8 with a scale per tensor, original names as packaged by ComfyUI"
    })
    void quantisationSchemeIsNamed(String release, String scheme, String layout) {
        JsonNode part =
                json("inspect", GOLDENS.resolve(release).toString(), "--json").get(0);
        assertThat(part.path("quantisation").asText()).isEqualTo(scheme);
        assertThat(part.path("layout").asText()).isEqualTo(layout);
    }

    @Test
    void namesThatTellResolutionAndDistillationAreQuoted() {
        Path file = GOLDENS.resolve("quant/int8/wan2.1_i2v_480p_int8_lightx2v_4step.safetensors");
        assertThat(Run.of("inspect", file.toString()).out())
                .contains("made for 480P, by its name", "distilled, by \"wan2.1_i2v_480p_int8_lightx2v_4step");
    }

    @Test
    void fingerprintTellsFilesApart() throws IOException {
        TinyModel.write(folder.resolve("a"), 1);
        TinyModel.write(folder.resolve("b"), 1);
        TinyModel.write(folder.resolve("c"), 2);
        String[] prints = new String[3];
        for (int i = 0; i < 3; i++) {
            prints[i] = json(
                            "inspect", folder.resolve("abc".substring(i, i + 1)).toString(), "--json")
                    .get(0)
                    .path("fingerprint")
                    .asText();
        }
        assertThat(prints[0]).isEqualTo(prints[1]).isNotEqualTo(prints[2]);
        assertThat(Files.exists(folder.resolve("a"))).isTrue();
    }

    @Test
    void loraIsDescribedWithRanksTargetsAndWhatItChangesOfAModel() {
        String lora = GOLDENS.resolve("lora/A_standard_alpha_diff.safetensors").toString();
        JsonNode alone = json("inspect", lora, "--json").get(0);
        assertThat(alone.path("pairs").asInt()).isPositive();
        assertThat(alone.path("differences").asInt()).isPositive();
        assertThat(alone.path("ranks")).isNotEmpty();
        assertThat(alone.path("targets").toString()).contains("blocks.*.self_attn.q");
        assertThat(alone.has("match")).isFalse();
        JsonNode match = json("inspect", lora, "--model", TINY, "--json").get(0).path("match");
        assertThat(match.path("change").path("blocks.0.self_attn.q.weight").asDouble())
                .isPositive();
        Run mixed = Run.of(
                "inspect", GOLDENS.resolve("lora/C_mixed_styles.safetensors").toString(), "--model", TINY);
        assertThat(mixed.code()).as(mixed.err()).isZero();
        assertThat(mixed.out()).contains("keys match nothing", "of its norm", "rank");
    }

    @Test
    void loraThatMatchesNothingIsAnError() throws IOException {
        TinyModel.write(folder.resolve("other"), 1);
        String lora = GOLDENS.resolve("lora/B_lora_A_lora_B.safetensors").toString();
        Run run = Run.of("inspect", lora, "--model", folder.resolve("other").toString());
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.errLines()).singleElement().asString().contains("another model size");
    }

    @ParameterizedTest
    @ValueSource(strings = {"nowhere", "text.safetensors", "empty.safetensors"})
    void badInputGetsOneLine(String name) throws IOException {
        Files.writeString(folder.resolve("text.safetensors"), "only text in here, no tensors");
        Files.createFile(folder.resolve("empty.safetensors"));
        Run run = Run.of("inspect", folder.resolve(name).toString());
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.errLines())
                .singleElement()
                .asString()
                .startsWith("wan: ")
                .contains(name);
        assertThat(run.out()).isEmpty();
    }

    /** What is meant and what is given: each is told by name. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--transformer=TINY/models_t5_umt5-xxl-enc-bf16.pth | expected a diffusion transformer, got a text encoder",
                "--vae=TINY/models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth | expected a video autoencoder",
                "--transformer=GOLDENS/quant/distill_fp8 --precision=int8 | FP8 with a scale per row",
                "--transformer=GOLDENS/lora/B_lora_A_lora_B.safetensors | got a LoRA"
            })
    void wrongCheckpointIsNamed(String options, String words) {
        Path tokenizer = folder.resolve("tokenizer.json");
        TinyModel.tokenizer().write(tokenizer);
        String line = "plan --model=TINY --image=GOLDENS/pipeline/input.png --size=32x32 --frames=5 --tokenizer="
                + tokenizer + " " + options;
        Run run = Run.of(line.replace("TINY", TINY)
                .replace("GOLDENS", GOLDENS.toString())
                .split(" "));
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.errLines()).last().asString().contains(words);
    }
}
