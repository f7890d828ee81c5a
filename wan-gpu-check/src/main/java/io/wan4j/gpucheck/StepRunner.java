package io.wan4j.gpucheck;

import io.wan4j.model.dit.BlockListener;
import io.wan4j.model.dit.Conditioning;
import io.wan4j.model.dit.StepInput;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.ops.Ops;
import io.wan4j.pipeline.Phase;
import io.wan4j.pipeline.PhaseCost;
import io.wan4j.pipeline.Placement;
import io.wan4j.spi.Memory;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** Measures forward passes of the transformer with random weights in the memory that there is. */
final class StepRunner {
    private static final double TIMESTEP = 937.5;
    private static final int LEAST_SAMPLES = 3;

    private final CheckContext context;
    private final Target target;

    StepRunner(CheckContext context, Target target) {
        this.context = context;
        this.target = target;
    }

    /** Bytes that models may take: what is free, less what the device needs besides. */
    static Placement.Room room(Target target) {
        Memory memory = target.device().memory();
        long available = memory.available();
        return new Placement.Room(available - Math.min(available / 16, 320L << 20), memory);
    }

    /** One row: times, rate, and where the memory went. */
    Row run(String name, Format format) {
        RandomModel model = RandomModel.of(context.workload(), format, context.pool());
        var formats = target.device().formats();
        PhaseCost one = model.cost(Phase.DENOISING, formats, List.of(1000));
        PhaseCost two = model.cost(Phase.DENOISING, formats, List.of(1000, 500));
        double operations = (double) two.work().minus(one.work()).flops();
        Placement placement = Placement.of(Map.of(Phase.DENOISING, one), model.parts(), room(target));
        long start = System.nanoTime();
        try (WanTransformer transformer = WanTransformer.load(
                model.parts().transformer().config(),
                model.parts().transformer().source(),
                target.device(),
                placement.residency())) {
            target.device().synchronize();
            double loading = (System.nanoTime() - start) / 1e9;
            Row row = forward(name, model, transformer, operations)
                    .with("tokens", model.tokens())
                    .with("residentBlocks", transformer.residentBlocks())
                    .with("blocks", transformer.config().layers())
                    .with("slots", placement.residency().slots())
                    .with("loadSeconds", Timing.round(loading))
                    .with("planned", CheckContext.gibibytes(one.deviceBytes()));
            return memory(row);
        }
    }

    private Row memory(Row row) {
        Row more = row.with(
                "workspacePeak",
                CheckContext.gibibytes(target.device().memory().workspace().peak()));
        return target.gpu()
                .map(gpu -> more.with(
                        "devicePeak", CheckContext.gibibytes(gpu.driver().peak())))
                .orElse(more);
    }

    private Row forward(String name, RandomModel model, WanTransformer transformer, double operations) {
        WanConfig config = transformer.config();
        Workload.Clip clip = model.clip();
        Shape grid = Shape.of(
                WanConfig.LATENT_CHANNELS,
                clip.latentFrames(),
                clip.size().latentHeight(),
                clip.size().latentWidth());
        try (Ops ops = Ops.on(target.device());
                Conditioning conditioning = condition(ops, transformer, config, clip)) {
            Tensor latent = ops.upload(RandomModel.normal(model.latent(WanConfig.LATENT_CHANNELS)), grid.toArray());
            Tensor condition = ops.upload(
                    RandomModel.normal(model.latent(WanConfig.CONDITION_CHANNELS)),
                    grid.withFirst(WanConfig.CONDITION_CHANNELS).toArray());
            Tensor velocity = ops.allocate(grid, Format.F32);
            StepInput input = new StepInput(latent, condition, TIMESTEP, conditioning);
            Bench bench = new Bench(LEAST_SAMPLES, 0, 0);
            Timing timing = bench.measure(
                    target.stopwatch(), () -> transformer.forward(ops, input, velocity, BlockListener.NONE));
            boolean finite = ops.allFinite(velocity);
            return KernelCase.rate(timing.row(name), "step", operations, timing.median())
                    .with("finite", finite)
                    .passedIf(finite);
        }
    }

    private static Conditioning condition(
            Ops parent, WanTransformer transformer, WanConfig config, Workload.Clip clip) {
        try (Ops ops = parent.nested()) {
            return transformer.condition(
                    ops,
                    ops.upload(RandomModel.normal(clip.words() * config.textDim()), clip.words(), config.textDim()),
                    ops.upload(
                            RandomModel.normal(VisionConfig.ROWS * config.imageDim()),
                            VisionConfig.ROWS,
                            config.imageDim()));
        }
    }
}
