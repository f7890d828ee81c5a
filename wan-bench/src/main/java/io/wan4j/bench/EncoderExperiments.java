package io.wan4j.bench;

import io.wan4j.dry.DryDevice;
import io.wan4j.model.text.TextConfig;
import io.wan4j.model.text.TextEncoder;
import io.wan4j.model.vision.ImageEncoder;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.ops.Ops;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Format;
import io.wan4j.testkit.synth.SyntheticWeights;
import io.wan4j.testkit.synth.TensorCatalog;
import java.util.List;
import java.util.function.Consumer;

/** The text and the image encoder in BF16. */
final class EncoderExperiments {
    private static final int TOKENS = 512;

    private EncoderExperiments() {}

    static List<Experiment> all(Devices devices) {
        TextConfig full = TextConfig.umt5Xxl();
        TextConfig part =
                new TextConfig(4096, full.dim(), full.attentionDim(), full.ffnDim(), full.heads(), 4, full.buckets());
        return List.of(
                text(devices, part, "4 of 24 layers, 512 tokens", true),
                text(devices, full, "24 layers, 512 tokens", false),
                image(devices));
    }

    private static Experiment text(Devices devices, TextConfig config, String shape, boolean isQuick) {
        return new Experiment(
                "umT5 encoder",
                shape,
                flops(device -> {
                    try (TextEncoder encoder = load(config, device)) {
                        encode(encoder, device);
                    }
                }),
                isQuick,
                List.of(() -> {
                    TextEncoder encoder = load(config, devices.bf16());
                    return Contender.ours(
                            devices.bf16().name(), "BF16", () -> encode(encoder, devices.bf16()), encoder::close);
                }));
    }

    private static TextEncoder load(TextConfig config, Device device) {
        return TextEncoder.load(config, SyntheticWeights.dense(TensorCatalog.of(config), Format.BF16, 1), device);
    }

    private static void encode(TextEncoder encoder, Device device) {
        int[] ids = new int[TOKENS];
        for (int i = 0; i < TOKENS; i++) {
            ids[i] = i;
        }
        try (Ops ops = Ops.on(device)) {
            encoder.encode(ops, ids, block -> {});
            device.synchronize();
        }
    }

    private static Experiment image(Devices devices) {
        VisionConfig config = VisionConfig.vitHuge14();
        return new Experiment(
                "CLIP image encoder",
                "32 layers, 257 rows",
                flops(device -> {
                    try (ImageEncoder encoder = load(config, device)) {
                        encode(encoder, device);
                    }
                }),
                true,
                List.of(() -> {
                    ImageEncoder encoder = load(config, devices.bf16());
                    return Contender.ours(
                            devices.bf16().name(), "BF16", () -> encode(encoder, devices.bf16()), encoder::close);
                }));
    }

    private static ImageEncoder load(VisionConfig config, Device device) {
        return ImageEncoder.load(config, SyntheticWeights.dense(TensorCatalog.of(config), Format.BF16, 1), device);
    }

    private static void encode(ImageEncoder encoder, Device device) {
        try (Ops ops = Ops.on(device)) {
            encoder.encode(ops, new float[3 * VisionConfig.SIZE * VisionConfig.SIZE], block -> {});
            device.synchronize();
        }
    }

    private static double flops(Consumer<DryDevice> work) {
        DryDevice dry = new DryDevice(ActivationFormats.BF16);
        work.accept(dry);
        return dry.work().flops();
    }
}
