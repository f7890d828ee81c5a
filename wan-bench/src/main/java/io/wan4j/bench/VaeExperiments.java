package io.wan4j.bench;

import io.wan4j.dry.DryDevice;
import io.wan4j.model.vae.Latents;
import io.wan4j.model.vae.VaeConfig;
import io.wan4j.model.vae.VaeDecoder;
import io.wan4j.model.vae.VaeEncoder;
import io.wan4j.model.vae.VaeEncoder.Repetition;
import io.wan4j.model.vae.VaeListener;
import io.wan4j.model.vae.VideoFrames;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Format;
import io.wan4j.testkit.synth.SyntheticWeights;
import io.wan4j.testkit.synth.TensorCatalog;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** The VAE at 832x480, against the decoder in libtorch, and for context against its convolutions alone. */
final class VaeExperiments {
    private static final int HEIGHT = 480;
    private static final int WIDTH = 832;
    private static final VaeConfig CONFIG = VaeConfig.wan21();
    private static final VaeListener SILENT = new VaeListener() {};

    private VaeExperiments() {}

    static List<Experiment> all(Devices devices) {
        return List.of(
                decode(devices, 1, true),
                decode(devices, 2, false),
                encode(devices, 1, true),
                encode(devices, 5, false),
                shortcut(devices, 17),
                shortcut(devices, 81));
    }

    private static Experiment decode(Devices devices, int latentFrames, boolean isQuick) {
        return new Experiment(
                "VAE decode",
                CONFIG.frames(latentFrames) + " frames of 832x480",
                flops(device -> decode(device, latentFrames)),
                isQuick,
                List.of(
                        () -> decoder(devices.bf16(), latentFrames),
                        () -> torchDecoder(latentFrames),
                        () -> TorchConvolutions.contender(device -> decode(device, latentFrames))));
    }

    private static VaeDecoder loadDecoder(Device device) {
        return VaeDecoder.load(CONFIG, SyntheticWeights.dense(TensorCatalog.of(CONFIG), Format.F32, 1), device);
    }

    private static VaeEncoder loadEncoder(Device device) {
        return VaeEncoder.load(CONFIG, SyntheticWeights.dense(TensorCatalog.of(CONFIG), Format.F32, 1), device);
    }

    private static Contender decoder(Device device, int latentFrames) {
        VaeDecoder decoder = loadDecoder(device);
        return Contender.ours(device.name(), "BF16", () -> run(decoder, latentFrames), decoder::close);
    }

    /** The whole decoder, with the same weights, its pictures handed over as ours are: as floats. */
    private static Contender torchDecoder(int latentFrames) {
        Libtorch data = new Libtorch();
        TorchDecoder decoder =
                new TorchDecoder(data, CONFIG, SyntheticWeights.dense(TensorCatalog.of(CONFIG), Format.F32, 1));
        float[] values = values(16 * latentFrames * HEIGHT / 8 * WIDTH / 8);
        Tensor[] latents = decoder.latents(values, latentFrames, HEIGHT / 8, WIDTH / 8);
        return data.contender("BF16", () -> decoder.decode(latents, TorchDecoder::values));
    }

    private static void decode(Device device, int latentFrames) {
        try (VaeDecoder decoder = loadDecoder(device)) {
            run(decoder, latentFrames);
        }
    }

    private static void run(VaeDecoder decoder, int latentFrames) {
        Latents latents = new Latents(
                16, latentFrames, HEIGHT / 8, WIDTH / 8, values(16 * latentFrames * HEIGHT / 8 * WIDTH / 8));
        decoder.decode(latents, frame -> {}, SILENT);
    }

    private static Experiment encode(Devices devices, int frames, boolean isQuick) {
        return new Experiment(
                "VAE encode",
                frames + " frames of 832x480",
                flops(device -> encode(device, frames)),
                isQuick,
                List.of(
                        () -> encoder(devices.bf16(), frames, Repetition.RECOMPUTE),
                        () -> TorchConvolutions.contender(device -> encode(device, frames))));
    }

    /** A picture followed by grey, as image-to-video encodes it: with the settled layers reused, and plainly. */
    private static Experiment shortcut(Devices devices, int frames) {
        return new Experiment(
                "VAE encode, settled layers reused",
                frames + " frames of 832x480",
                0,
                false,
                List.of(() -> encoder(devices.bf16(), frames, Repetition.REUSE), () -> {
                    Contender plain = encoder(devices.bf16(), frames, Repetition.RECOMPUTE);
                    return Contender.peer("plain", plain.format(), plain.work(), plain.release());
                }));
    }

    private static Contender encoder(Device device, int frames, Repetition repetition) {
        VaeEncoder encoder = loadEncoder(device);
        return Contender.ours(device.name(), "BF16", () -> run(encoder, frames, repetition), encoder::close);
    }

    private static void encode(Device device, int frames) {
        try (VaeEncoder encoder = loadEncoder(device)) {
            run(encoder, frames, Repetition.RECOMPUTE);
        }
    }

    private static void run(VaeEncoder encoder, int frames, Repetition repetition) {
        encoder.encode(VideoFrames.picture(values(3 * HEIGHT * WIDTH), frames, HEIGHT, WIDTH), repetition, SILENT);
    }

    private static float[] values(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (i * 31 % 101) / 50f - 1;
        }
        return values;
    }

    private static double flops(java.util.function.Consumer<Device> work) {
        DryDevice dry = new DryDevice(ActivationFormats.BF16);
        work.accept(dry);
        return dry.work().flops();
    }
}
