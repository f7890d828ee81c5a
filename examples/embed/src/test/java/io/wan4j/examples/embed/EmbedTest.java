package io.wan4j.examples.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.media.Overwrite;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.testkit.synth.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedTest {
    private static final Path README =
            Path.of(System.getProperty("wan.goldens", "goldens")).resolveSibling("README.md");

    @TempDir
    Path folder;

    @Test
    void programMakesAVideo() {
        Path model = folder.resolve("model");
        TinyModel.write(model, 9);
        Path picture = folder.resolve("picture.png");
        Picture.ofRgb(new PixelSize(40, 30), new byte[3600]).writePng(picture, Overwrite.REFUSE);
        Path video = folder.resolve("video.mp4");
        Embed.main(new String[] {model.toString(), picture.toString(), "the sea", video.toString(), "32", "32", "5"});
        assertThat(video).isNotEmptyFile();
    }

    @Test
    void programOfTheReadmeCompiles() throws IOException {
        Matcher code = Pattern.compile("```java\\R(.*?)```", Pattern.DOTALL).matcher(Files.readString(README));
        assertThat(code.find()).isTrue();
        Path source = Files.writeString(folder.resolve("Cat.java"), code.group(1));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(problems, null, null)) {
            List<String> options =
                    List.of("-d", folder.toString(), "-classpath", System.getProperty("java.class.path"));
            boolean compiled = compiler.getTask(null, files, problems, options, null, files.getJavaFileObjects(source))
                    .call();
            assertThat(compiled).as("%s", problems.getDiagnostics()).isTrue();
        }
    }
}
