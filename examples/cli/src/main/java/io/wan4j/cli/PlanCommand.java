package io.wan4j.cli;

import io.wan4j.GenerationPlan;
import io.wan4j.WanPipeline;
import io.wan4j.media.Picture;
import io.wan4j.pipeline.Phase;
import io.wan4j.pipeline.PhaseCost;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code wan plan}. */
@Command(
        name = "plan",
        description = "Says what memory and work a generation needs, without loading weights.",
        mixinStandardHelpOptions = true)
final class PlanCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelArguments model = new ModelArguments();

    @Mixin
    private DeviceArguments device = new DeviceArguments();

    @Mixin
    private RequestArguments request = new RequestArguments();

    @Option(names = "--image", paramLabel = "FILE", required = true, description = "The picture.")
    private Path image = Path.of("");

    @SuppressWarnings("NullAway.Init")
    PlanCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (WanPipeline pipeline = device.apply(model.builder()).build()) {
            GenerationPlan plan = pipeline.plan(request.request(Picture.read(image), ""));
            out.printf("%-16s %10s %12s %12s%n", "phase", "TFLOP", "weights", "workspace");
            for (Phase phase : Phase.values()) {
                PhaseCost cost = plan.cost(phase);
                out.printf(
                        "%-16s %10.3f %10d M %10d M%n",
                        phase.label(), cost.work().flops() / 1e12, cost.arenaBytes() >> 20, cost.workspacePeak() >> 20);
            }
            out.printf(
                    "total %.3f TFLOP, peak device memory %d MiB%n", plan.flops() / 1e12, plan.peakDeviceBytes() >> 20);
            BoundTable.print(plan, pipeline.device(), out);
        }
        return 0;
    }
}
