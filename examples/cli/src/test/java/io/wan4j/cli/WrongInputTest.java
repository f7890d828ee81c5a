package io.wan4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.media.Overwrite;
import io.wan4j.testkit.synth.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WrongInputTest {
    @TempDir
    static Path folder;

    @BeforeAll
    static void makeFiles() throws IOException {
        TinyModel.write(folder.resolve("model"), 5);
        TinyModel.write(folder.resolve("wordless"), 5);
        Files.delete(folder.resolve("wordless/google/umt5-xxl/tokenizer.json"));
        TinyModel.write(folder.resolve("partial"), 5);
        Files.delete(folder.resolve("partial/Wan2.1_VAE.safetensors"));
        DemoPicture.draw().writePng(folder.resolve("picture.png"), Overwrite.REFUSE);
        Files.writeString(folder.resolve("text.png"), "this is no picture");
        Files.writeString(folder.resolve("there.mp4"), "an older video");
        Files.createDirectory(folder.resolve("empty"));
    }

    /** A command that is right but for what is changed: an option and its value, and words of the answer. */
    record Wrong(List<String> changes, String... words) {
        static Wrong of(String option, String value, String... words) {
            return new Wrong(List.of(option, value), words);
        }

        @Override
        public String toString() {
            return String.join(" ", changes);
        }
    }

    static Stream<Wrong> wrong() {
        return Stream.of(
                Wrong.of("--image", "DIR/nowhere.png", "nowhere.png"),
                Wrong.of("--image", "DIR/text.png", "text.png"),
                Wrong.of("--image", "DIR/empty", "empty"),
                Wrong.of("--frames", "80", "4n+1", "77", "81"),
                Wrong.of("--frames", "0", "4n+1"),
                Wrong.of("--frames", "-3", "4n+1"),
                Wrong.of("--frames", "many", "--frames", "many"),
                Wrong.of("--size", "0x0", "16", "0x0"),
                Wrong.of("--size", "100x64", "multiples of 16", "100x64"),
                Wrong.of("--size", "big", "--size", "big"),
                Wrong.of("--seed", "-1", "seed", "-1"),
                Wrong.of("--seed", "x", "--seed", "x"),
                Wrong.of("--steps", "250,500", "falling"),
                Wrong.of("--steps", "2000", "1000"),
                Wrong.of("--steps", "four", "--steps", "four"),
                new Wrong(List.of("--sampler", "unipc", "--steps", "0"), "steps"),
                new Wrong(List.of("--sampler", "unipc", "--steps", "1,2"), "--steps"),
                Wrong.of("--sampler", "magic", "--sampler", "magic"),
                Wrong.of("--shift", "0", "shift"),
                Wrong.of("--shift", "NaN", "shift"),
                Wrong.of("--guidance", "-1", "guidance"),
                Wrong.of("--device", "abacus", "abacus", "reference"),
                Wrong.of("--threads", "-1", "threads"),
                Wrong.of("--memory", "lots", "memory size", "lots"),
                Wrong.of("--memory", "10K", "memory limit", "raise the limit"),
                Wrong.of("--precision", "F12", "--precision", "F12"),
                Wrong.of("--model", "DIR/nowhere", "nowhere"),
                Wrong.of("--model", "DIR/empty", "empty"),
                Wrong.of("--model", "DIR/picture.png", "picture.png"),
                Wrong.of("--model", "DIR/wordless", "tokenizer"),
                Wrong.of("--model", "DIR/partial", "VAE"),
                Wrong.of("--tokenizer", "DIR/text.png", "text.png"),
                Wrong.of("--vae", "DIR/model/diffusion_pytorch_model.safetensors", "VAE", "transformer"),
                Wrong.of("--out", "DIR/there.mp4", "there.mp4", "--force"),
                Wrong.of("--out", "DIR/nowhere/x.mp4", "x.mp4"),
                Wrong.of("--out", "DIR/x.avi", ".avi", ".mp4"),
                Wrong.of("--colour", "red", "--colour"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void wrongInputGetsOneLineAndCodeTwoAndWritesNothing(Wrong wrong) throws IOException {
        Set<Path> before = files();
        Run run = Run.of(arguments(wrong.changes()));
        assertThat(run.errLines())
                .singleElement()
                .asString()
                .startsWith("wan: ")
                .contains(wrong.words());
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(files()).isEqualTo(before);
        assertThat(folder.resolve("there.mp4")).hasContent("an older video");
    }

    private static String[] arguments(List<String> changes) {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("--model", "DIR/model");
        options.put("--image", "DIR/picture.png");
        options.put("--prompt", "the sea");
        options.put("--out", "DIR/new.mp4");
        options.put("--device", "reference");
        options.put("--size", "32x32");
        options.put("--frames", "5");
        for (int i = 0; i < changes.size(); i += 2) {
            options.put(changes.get(i), changes.get(i + 1));
        }
        List<String> words = new ArrayList<>(List.of("generate"));
        options.forEach((option, value) -> {
            words.add(option);
            words.add(value.replace("DIR", folder.toString()));
        });
        return words.toArray(String[]::new);
    }

    private static Set<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return Set.copyOf(all.toList());
        }
    }

    @Test
    void missingOptionAndUnknownVerbGetOneLine() {
        assertThat(Run.of("generate", "--image", "x.png"))
                .satisfies(run -> assertThat(run.code()).isEqualTo(2))
                .satisfies(run ->
                        assertThat(run.errLines()).singleElement().asString().contains("--model", "--out", "--prompt"));
        assertThat(Run.of("paint"))
                .satisfies(run -> assertThat(run.code()).isEqualTo(2))
                .satisfies(run ->
                        assertThat(run.errLines()).singleElement().asString().contains("paint"));
    }

    @Test
    void verifyAndInspectSayWhatIsNotThere() {
        assertThat(Run.of("verify", "--goldens", folder.resolve("nowhere").toString()))
                .satisfies(run -> assertThat(run.code()).isEqualTo(2))
                .satisfies(run -> assertThat(run.errLines()).hasSize(1));
        assertThat(Run.of("inspect", folder.resolve("nowhere").toString()))
                .satisfies(run -> assertThat(run.code()).isEqualTo(2))
                .satisfies(run -> assertThat(run.errLines()).hasSize(1));
    }

    @Test
    void aRightCommandReplacesOnlyWithForce() throws IOException {
        Path target = folder.resolve("again.gif");
        Files.writeString(target, "old");
        List<String> change = List.of("--out", target.toString());
        assertThat(Run.of(arguments(change)).code()).isEqualTo(2);
        String[] forced = Stream.concat(Stream.of(arguments(change)), Stream.of("--force"))
                .toArray(String[]::new);
        Run run = Run.of(forced);
        assertThat(run.err()).contains("denoising").doesNotContain("\r");
        assertThat(run.code()).isZero();
        assertThat(run.outLines().get(0)).isEqualTo(target.toString());
        assertThat(Files.size(target)).isGreaterThan(100);
    }
}
