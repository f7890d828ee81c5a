package io.wan4j.cli;

import io.wan4j.GenerationReport;
import io.wan4j.ImageToVideo;
import io.wan4j.WanPipeline;
import io.wan4j.media.ContactSheet;
import io.wan4j.media.Overwrite;
import io.wan4j.media.Picture;
import io.wan4j.testkit.synth.TinyModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code wan demo}: every part of the pipeline on a tiny model with random weights. */
@Command(
        name = "demo",
        description = "Runs the whole pipeline on a tiny untrained model that it makes itself: no download needed.",
        mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
    private static final long SEED = 20250101;
    private static final int COLUMNS = 5;

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Wan wan;

    @Mixin
    private DeviceArguments device = new DeviceArguments();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "out/demo",
            description = "Folder for model, picture and video (default: ${DEFAULT-VALUE}).")
    private Path out = Path.of("out/demo");

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "Keep finished parts here; after a crash the same command goes on.")
    private Optional<Path> state = Optional.empty();

    @SuppressWarnings("NullAway.Init")
    DemoCommand() {}

    @Override
    public Integer call() {
        PrintWriter print = spec.commandLine().getOut();
        Path model = out.resolve("model");
        Picture picture = DemoPicture.draw();
        try {
            Files.createDirectories(out);
        } catch (IOException failure) {
            throw new UncheckedIOException(out + ": cannot make this folder: " + failure.getMessage(), failure);
        }
        picture.writePng(out.resolve("picture.png"), Overwrite.REPLACE);
        TinyModel.write(model, SEED);
        print.println(
                "tiny model with random weights (it was never trained: do not expect to recognise anything): " + model);
        ImageToVideo request = ImageToVideo.of(picture, "a cat surfing at dusk")
                .area(160 * 96)
                .frames(17)
                .seed(42);
        List<Picture> frames = new ArrayList<>();
        Path video = out.resolve("demo.mp4");
        try (WanPipeline pipeline =
                device.apply(WanPipeline.builder().model(model)).build()) {
            VideoOutput output = new VideoOutput(video, Overwrite.REPLACE, state);
            GenerationReport report = output.generate(pipeline, request, wan.console(), frames::add);
            Path sheet = out.resolve("contact-sheet.png");
            new ContactSheet(COLUMNS, 160, 4)
                    .draw(ContactSheet.spread(frames, 2 * COLUMNS))
                    .writePng(sheet, Overwrite.REPLACE);
            ReportTable.print(report, pipeline.device(), print);
            print.println(video);
            print.println(sheet);
        }
        return 0;
    }
}
