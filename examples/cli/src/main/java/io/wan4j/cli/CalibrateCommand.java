package io.wan4j.cli;

import io.wan4j.GenerationOptions;
import io.wan4j.ImageToVideo;
import io.wan4j.WanPipeline;
import io.wan4j.cli.quality.MaximaDevice;
import io.wan4j.media.Picture;
import io.wan4j.quant.ChannelMaxima;
import io.wan4j.tensor.ActivationMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code wan calibrate}. */
@Command(
        name = "calibrate",
        description = "Runs a model on examples and writes the largest input of each channel, for convert --balance."
                + " Layers compute with unquantised inputs; much is copied to the host, so small sizes are advised.",
        mixinStandardHelpOptions = true)
final class CalibrateCommand implements Callable<Integer> {
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

    @Option(
            names = "--image",
            paramLabel = "FILE",
            required = true,
            description = "Picture of an example; may be given several times, each with a prompt.")
    private List<Path> images = new ArrayList<>();

    @Option(names = "--prompt", paramLabel = "TEXT", required = true, description = "Sentence of an example.")
    private List<String> prompts = new ArrayList<>();

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "New file of channel maxima.")
    private Path out = Path.of("");

    @SuppressWarnings("NullAway.Init")
    CalibrateCommand() {}

    @Override
    public Integer call() {
        if (images.size() != prompts.size()) {
            throw new IllegalArgumentException(
                    "calibrate: expected a --prompt for each --image, got " + prompts.size() + " and " + images.size());
        }
        if (Files.exists(out)) {
            throw new IllegalArgumentException(out + ": expected no such file, but it exists; choose another name");
        }
        List<MaximaDevice> watching = new ArrayList<>();
        var builder = device.apply(model.builder())
                .activationMode(ActivationMode.UNQUANTISED)
                .instrument(opened -> {
                    watching.add(new MaximaDevice(opened));
                    return watching.get(0);
                });
        try (WanPipeline pipeline = builder.build();
                ConsoleProgress progress = ConsoleProgress.on(wan.console().err())) {
            for (int i = 0; i < images.size(); i++) {
                ImageToVideo example = request.request(Picture.read(images.get(i)), prompts.get(i));
                pipeline.generate(example, GenerationOptions.listening(progress), frame -> {});
            }
            ChannelMaxima maxima = watching.get(0).maxima();
            maxima.write(out);
            spec.commandLine()
                    .getOut()
                    .println(out + ": maxima of " + maxima.layers().size() + " layers from " + images.size()
                            + " examples");
        }
        return 0;
    }
}
