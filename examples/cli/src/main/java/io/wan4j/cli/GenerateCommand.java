package io.wan4j.cli;

import io.wan4j.GenerationReport;
import io.wan4j.ImageToVideo;
import io.wan4j.WanPipeline;
import io.wan4j.media.Overwrite;
import io.wan4j.media.Picture;
import io.wan4j.roofline.Calibration;
import io.wan4j.roofline.Ceilings;
import io.wan4j.tensor.Format;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code wan generate}. */
@Command(
        name = "generate",
        description = "Makes a video from a picture and a sentence.",
        mixinStandardHelpOptions = true)
final class GenerateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Wan wan;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Mixin
    private DeviceArguments device = new DeviceArguments();

    @Mixin
    private RequestArguments request = new RequestArguments();

    @Option(names = "--image", paramLabel = "FILE", required = true, description = "The picture: PNG, JPEG, WebP.")
    private Path image = Path.of("");

    @Option(names = "--prompt", paramLabel = "TEXT", required = true, description = "What happens in the video.")
    private String prompt = "";

    @Option(
            names = "--out",
            paramLabel = "PATH",
            required = true,
            description = "File ending in .mp4 or .gif, or a folder for PNG frames.")
    private Path out = Path.of("");

    @Option(names = "--force", description = "Replace an existing file.")
    private boolean force;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "Keep finished parts here; after a crash the same command goes on.")
    private Optional<Path> state = Optional.empty();

    @Option(names = "--report", paramLabel = "FILE", description = "Write what it took, phase by phase, as JSON.")
    private Optional<Path> reportFile = Optional.empty();

    @SuppressWarnings("NullAway.Init")
    GenerateCommand() {}

    @Override
    public Integer call() {
        ImageToVideo wanted = request.request(Picture.read(image), prompt);
        VideoOutput output = new VideoOutput(out, force ? Overwrite.REPLACE : Overwrite.REFUSE, state);
        output.check(wanted);
        try (WanPipeline pipeline = device.apply(model.builder()).build()) {
            GenerationReport report = output.generate(pipeline, wanted, wan.console(), frame -> {});
            spec.commandLine().getOut().println(out);
            Ceilings ceilings = Calibration.of(pipeline.device());
            Format compute = pipeline.device().formats().compute();
            ReportTable.print(report, ceilings, compute, spec.commandLine().getOut());
            reportFile.ifPresent(file -> ReportJson.write(file, report, ceilings, compute));
        }
        return 0;
    }
}
