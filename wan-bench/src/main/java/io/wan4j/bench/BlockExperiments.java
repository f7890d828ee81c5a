package io.wan4j.bench;

import io.wan4j.dry.DryDevice;
import io.wan4j.model.dit.Conditioning;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.StepInput;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.ops.Ops;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.synth.SyntheticWeights;
import io.wan4j.testkit.synth.TensorCatalog;
import io.wan4j.testkit.synth.WeightEncoding;
import java.util.List;

/**
 * One block of the 14B transformer with embedding and head, against the block alone in libtorch: the embedding, the head
 * and the residual stream in F32 are on our side of the scales.
 */
final class BlockExperiments {
    private static final int HEIGHT = 60;
    private static final int WIDTH = 104;
    private static final WanConfig ONE_BLOCK = new WanConfig(5120, 13824, 40, 1, 4096, 1280);

    private BlockExperiments() {}

    static List<Experiment> all(Devices devices) {
        return List.of(block(devices, 1, true), block(devices, 5, false), block(devices, 21, false));
    }

    private static Experiment block(Devices devices, int frames, boolean isQuick) {
        long tokens = (long) frames * HEIGHT * WIDTH / 4;
        return new Experiment(
                "14B block",
                tokens + " tokens",
                flops(frames),
                isQuick,
                List.of(
                        () -> ours(devices.bf16(), WeightEncoding.BF16, frames, "BF16"),
                        () -> ours(devices.bf16(), WeightEncoding.INT8, frames, "INT8"),
                        () -> ours(devices.int8Attention(), WeightEncoding.INT8, frames, "INT8 q k too"),
                        () -> {
                            Libtorch data = new Libtorch();
                            TorchBlock block = new TorchBlock(data, ONE_BLOCK, tokens);
                            return data.contender("BF16", block::forward);
                        }));
    }

    /** A loaded transformer of one block and its input. */
    private static final class Loaded implements AutoCloseable {
        private final Device device;
        private final WanTransformer transformer;
        private final Arena arena;
        private final Conditioning conditioning;
        private final StepInput input;
        private final Tensor velocity;

        Loaded(Device device, WeightEncoding encoding, int frames) {
            this.device = device;
            transformer = WanTransformer.load(
                    ONE_BLOCK,
                    SyntheticWeights.transformer(TensorCatalog.of(ONE_BLOCK), encoding, 1),
                    device,
                    Residency.ALL);
            arena = device.memory().arena();
            Tensor latent = Ours.random(device, arena, Format.F32, 16, frames, HEIGHT, WIDTH);
            Tensor condition = Ours.random(device, arena, Format.F32, 20, frames, HEIGHT, WIDTH);
            velocity = arena.allocate(Shape.of(16, frames, HEIGHT, WIDTH), Format.F32);
            Tensor text = Ours.random(device, arena, Format.F32, 40, ONE_BLOCK.textDim());
            Tensor image = Ours.random(device, arena, Format.F32, WanConfig.IMAGE_ROWS, ONE_BLOCK.imageDim());
            try (Ops ops = Ops.on(device)) {
                conditioning = transformer.condition(ops, text, image);
            }
            input = new StepInput(latent, condition, 750, conditioning);
        }

        void forward() {
            try (Ops ops = Ops.on(device)) {
                transformer.forward(ops, input, velocity, (block, blocks) -> {});
                device.synchronize();
            }
        }

        @Override
        public void close() {
            conditioning.close();
            arena.close();
            transformer.close();
        }
    }

    private static Contender ours(Device device, WeightEncoding encoding, int frames, String format) {
        Loaded loaded = new Loaded(device, encoding, frames);
        return Contender.ours(device.name(), format, loaded::forward, loaded::close);
    }

    /** Of a step after the first, when the keys and values of text and picture are there. */
    private static double flops(int frames) {
        DryDevice dry = new DryDevice(ActivationFormats.BF16);
        try (Loaded loaded = new Loaded(dry, WeightEncoding.BF16, frames)) {
            loaded.forward();
            long before = dry.work().flops();
            loaded.forward();
            return dry.work().flops() - before;
        }
    }
}
