package io.wan4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.layout.Quantisation;
import io.wan4j.media.Overwrite;
import io.wan4j.testkit.synth.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConvertCommandTest {
    private static final Path GOLDENS = Path.of(System.getProperty("wan.goldens", "goldens"));
    private static final String TRANSFORMER = "diffusion_pytorch_model.safetensors";

    @TempDir
    private static Path models = Path.of("");

    @TempDir
    private Path folder = Path.of("");

    @BeforeAll
    static void makeModel() {
        TinyModel.write(models.resolve("model"), 5);
        DemoPicture.draw().writePng(models.resolve("picture.png"), Overwrite.REFUSE);
    }

    private static String model() {
        return models.resolve("model").toString();
    }

    private String out(String name) {
        return folder.resolve(name).toString();
    }

    /** Sizes and dates of all files. */
    private static Map<Path, FileTime> state(Path root) throws IOException {
        Map<Path, FileTime> state = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                state.put(path, Files.getLastModifiedTime(path));
            }
        }
        return state;
    }

    @Test
    void wholeModelIsConvertedWithReportAndProgressAndTheInputStays() throws IOException {
        Map<Path, FileTime> before = state(models.resolve("model"));
        Run run = Run.of("convert", model(), out("int8"), "--to", "int8", "--files", "blocks");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("written and read back", "INT8_ROWS", "relative error", "dB");
        assertThat(run.errLines()).isNotEmpty().allMatch(line -> line.startsWith("wan: "));
        assertThat(run.err()).contains("100 %").doesNotContain("\r");
        assertThat(state(models.resolve("model"))).isEqualTo(before);
        try (ModelFiles files = ModelFiles.open(folder.resolve("int8"))) {
            for (Component component : Component.values()) {
                assertThat(files.has(component)).isTrue();
            }
            assertThat(files.part(Component.TRANSFORMER).quantisation()).isEqualTo(Quantisation.INT8_ROWS);
            assertThat(files.tokenizerFile()).isPresent();
            assertThat(files.config()).isPresent();
        }
        JsonNode report = new ObjectMapper()
                .readTree(folder.resolve("int8/distill_int8/conversion.report.json")
                        .toFile());
        assertThat(report.path("errors").size()).isGreaterThan(10);
        assertThat(report.path("worst").size()).isEqualTo(10);
        assertThat(report.path("worst").get(0).path("snrDb").asDouble()).isBetween(20.0, 80.0);
    }

    @ParameterizedTest
    @CsvSource({
        "OFFICIAL, SINGLE, FP8",
        "DIFFUSERS, SHARDS, BF16",
        "COMFYUI, SINGLE, FP8_SCALED",
        "DIFFUSERS, SINGLE, AS_STORED",
        "COMFYUI, SHARDS, F16"
    })
    void convertedModelGenerates(String layout, String files, String format) {
        Run run = Run.of(
                "convert",
                model(),
                out("m"),
                "--layout",
                layout,
                "--files",
                files,
                "--shard-size",
                "300K",
                "--to",
                format);
        assertThat(run.code()).as(run.err()).isZero();
        Run generated = Run.of(
                "generate",
                "--model=" + out("m"),
                "--image=" + models.resolve("picture.png"),
                "--prompt=the sea",
                "--out=" + out("v.gif"),
                "--device=reference",
                "--size=32x32",
                "--frames=1");
        assertThat(generated.code()).as(generated.err()).isZero();
        assertThat(folder.resolve("v.gif")).isNotEmptyFile();
    }

    @Test
    void loraIsMergedAndItsChangeTold() throws IOException {
        Path base = GOLDENS.resolve("pipeline/Wan2.1-I2V-tiny/diffusion_pytorch_model.safetensors.index.json");
        Path lora = GOLDENS.resolve("lora/C_mixed_styles.safetensors");
        Run run =
                Run.of("convert", base.toString(), out("merged.safetensors"), "--to", "bf16", "--lora", lora + "@0.5");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("LoRA", "changes", "of its norm", "keys match nothing");
        JsonNode told = new ObjectMapper()
                .readTree(folder.resolve("merged.safetensors.report.json").toFile())
                .path("loras")
                .get(0);
        assertThat(told.path("change").size()).isPositive();
        assertThat(told.path("unmatched").size()).isPositive();
    }

    @Test
    void calibrationBalancesAnInt8File() {
        Run measured = Run.of(
                "calibrate",
                "--model=" + model(),
                "--image=" + models.resolve("picture.png"),
                "--prompt=the sea",
                "--image=" + models.resolve("picture.png"),
                "--prompt=a cat",
                "--out=" + out("maxima.safetensors"),
                "--device=reference",
                "--size=32x32",
                "--frames=5");
        assertThat(measured.code()).as(measured.err()).isZero();
        assertThat(measured.out()).contains("maxima of 6 layers from 2 examples");
        Run run = Run.of(
                "convert",
                models.resolve("model").resolve(TRANSFORMER).toString(),
                out("balanced.safetensors"),
                "--to=int8",
                "--balance=" + out("maxima.safetensors"),
                "--balance-exponent=0.4");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("input channels of 6 layers balanced");
        try (ModelPart part = ModelPart.open(folder.resolve("balanced.safetensors"))) {
            assertThat(part.quantisation()).isEqualTo(Quantisation.INT8_ROWS);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "DIR/nowhere | DIR/o.safetensors | | nowhere",
                "DIR/text.txt | DIR/o.safetensors | | text.txt",
                "MODEL | MODEL | | another place",
                "MODEL/diffusion_pytorch_model.safetensors | DIR/there.safetensors | | exists",
                "MODEL/diffusion_pytorch_model.safetensors | DIR/o.bin | | ending in .safetensors",
                "MODEL/diffusion_pytorch_model.safetensors | DIR/o.safetensors | --to=int4 | int4",
                "MODEL/diffusion_pytorch_model.safetensors | DIR/o | --files=blocks --layout=diffusers | block files",
                "MODEL/Wan2.1_VAE.safetensors | DIR/o | --files=blocks | got a video autoencoder",
                "MODEL/Wan2.1_VAE.safetensors | DIR/o.safetensors | --lora=DIR/x.safetensors | got a video autoencoder",
                "MODEL/diffusion_pytorch_model.safetensors | DIR/o.safetensors | --lora=DIR/x.safetensors | x.safetensors",
                "MODEL/diffusion_pytorch_model.safetensors | DIR/o.safetensors | --lora=DIR/x@much | @much",
                "MODEL/diffusion_pytorch_model.safetensors | DIR/o.safetensors | --balance=DIR/text.txt --to=int8 | text.txt",
                "MODEL/diffusion_pytorch_model.safetensors | DIR/o.safetensors | --balance=DIR/text.txt | expected INT8",
                "MODEL/diffusion_pytorch_model.safetensors | DIR/o | --files=shards --shard-size=big | big",
                "MODEL/diffusion_pytorch_model.safetensors | DIR/o | --files=shards --shard-size=0 | at least 1 byte",
                "GOLDENS/quant/int8 | DIR/o.safetensors | --lora=GOLDENS/lora/B_lora_A_lora_B.safetensors | rounded again"
            })
    void wrongInputGetsOneLineAndLeavesNothing(String from, String to, String options, String words)
            throws IOException {
        Files.writeString(folder.resolve("text.txt"), "no checkpoint, only text");
        Files.writeString(folder.resolve("there.safetensors"), "older");
        Map<Path, FileTime> before = state(folder);
        String line = "convert " + from + " " + to + (options == null ? "" : " " + options);
        String[] arguments = Stream.of(line.split(" "))
                .map(word -> word.replace("DIR", folder.toString())
                        .replace("MODEL", model())
                        .replace("GOLDENS", GOLDENS.toString()))
                .toArray(String[]::new);
        Run run = Run.of(arguments);
        assertThat(run.code()).as(run.err()).isEqualTo(2);
        assertThat(run.errLines())
                .singleElement()
                .asString()
                .startsWith("wan: ")
                .contains(words);
        assertThat(run.out()).isEmpty();
        assertThat(state(folder)).isEqualTo(before);
        assertThat(folder.resolve("there.safetensors")).hasContent("older");
    }

    @Test
    void twoTransformersInAFolderAreBothNamed() throws IOException {
        Path two = Files.createDirectory(folder.resolve("two"));
        for (String name : new String[] {"a.safetensors", "b.safetensors"}) {
            Files.copy(models.resolve("model").resolve(TRANSFORMER), two.resolve(name));
        }
        assertThat(Run.of("convert", two.toString(), out("o.safetensors")))
                .satisfies(run -> assertThat(run.code()).isEqualTo(2))
                .satisfies(run -> assertThat(run.errLines())
                        .singleElement()
                        .asString()
                        .contains("a.safetensors", "b.safetensors"));
    }
}
