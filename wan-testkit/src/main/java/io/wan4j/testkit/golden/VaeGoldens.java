package io.wan4j.testkit.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.model.vae.DecodedFrame;
import io.wan4j.model.vae.LatentStatistics;
import io.wan4j.model.vae.Latents;
import io.wan4j.model.vae.VaeConfig;
import io.wan4j.model.vae.VaeDecoder;
import io.wan4j.model.vae.VaeEncoder;
import io.wan4j.model.vae.VaeListener;
import io.wan4j.model.vae.VideoFrames;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Shape;
import io.wan4j.testkit.GoldenFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The VAE against {@code vae/}: every file beside {@code model.safetensors} that holds a video to encode or latents to
 * decode, with the outputs of all layers where a file {@code <case>_intermediates} has them.
 */
public final class VaeGoldens implements GoldenSuite {
    private static final double STRICT = 1e-4;
    private static final String ENDING = ".safetensors";
    private static final String INTERMEDIATES = "_intermediates" + ENDING;
    private static final String STATISTICS = "latent_norm" + ENDING;
    private static final String MODEL = "model" + ENDING;

    /** Roundings on the way through the encoder or decoder: four for each of 13 to 14 residual blocks, and the rest. */
    private static final int ROUNDINGS = 14 * 4 + 16;

    @Override
    public String name() {
        return "vae";
    }

    @Override
    public void run(Path folder, Device device, GoldenResults results) {
        try (GoldenFile weights = GoldenFile.open(folder.resolve(MODEL))) {
            VaeConfig config = config(folder, weights);
            try (VaeEncoder encoder = VaeEncoder.load(config, weights.weights(), device);
                    VaeDecoder decoder = VaeDecoder.load(config, weights.weights(), device)) {
                List<String> found = cases(folder);
                for (String listed : listed(folder)) {
                    if (!found.contains(listed)) {
                        results.fail(
                                listed, folder.resolve(listed + ENDING) + ": expected this case, got no such file");
                    }
                }
                for (String label : found) {
                    results.attempt(label, () -> {
                        try (GoldenFile file = GoldenFile.open(folder.resolve(label + ENDING))) {
                            new Case(label, file, results).run(encoder, decoder, folder.resolve(label + INTERMEDIATES));
                        }
                    });
                }
            }
        }
        if (Files.exists(folder.resolve(STATISTICS))) {
            results.attempt("latent_norm", () -> statistics(folder.resolve(STATISTICS), results));
        }
    }

    /** The sizes that the folder tells, or else those that the shapes show. */
    private static VaeConfig config(Path folder, GoldenFile weights) {
        Path file = folder.resolve("cases.json");
        JsonNode json = Files.exists(file) ? GoldenJson.read(file) : null;
        if (json == null || !json.has("dim_mult")) {
            return VaeConfig.infer(weights.weights());
        }
        List<Integer> multipliers = new ArrayList<>();
        json.path("dim_mult").forEach(factor -> multipliers.add(factor.asInt()));
        List<Boolean> timeDownsample = new ArrayList<>();
        json.path("temperal_downsample").forEach(flag -> timeDownsample.add(flag.asBoolean()));
        return new VaeConfig(
                json.path("dim").asInt(),
                json.path("z_dim").asInt(),
                multipliers,
                json.path("num_res_blocks").asInt(),
                timeDownsample);
    }

    /** The cases that the folder's list names. */
    private static List<String> listed(Path folder) {
        Path file = folder.resolve("cases.json");
        List<String> names = new ArrayList<>();
        if (Files.exists(file)) {
            GoldenJson.read(file).path("cases").forEach(one -> names.add("case_" + one.path("case")));
        }
        return names;
    }

    private static List<String> cases(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith(ENDING) && !file.endsWith(INTERMEDIATES))
                    .filter(file -> !Set.of(MODEL, STATISTICS).contains(file))
                    .map(file -> file.substring(0, file.length() - ENDING.length()))
                    .sorted()
                    .toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(folder + ": expected a folder of golden vectors", failure);
        }
    }

    private static void statistics(Path path, GoldenResults results) {
        LatentStatistics statistics = LatentStatistics.wan21();
        try (GoldenFile file = GoldenFile.open(path)) {
            results.compareExactly("latent_norm", "mean", statistics.mean(), file.floats("mean"), Measure.MAX_ABS, 0);
            results.compareExactly("latent_norm", "std", statistics.std(), file.floats("std"), Measure.MAX_ABS, 0);
        }
    }

    /** One file of inputs and outputs. */
    private record Case(String label, GoldenFile file, GoldenResults results) {
        void run(VaeEncoder encoder, VaeDecoder decoder, Path intermediates) {
            LayerRecorder recorder = new LayerRecorder();
            if (!file.has("in.video") && !file.has("in.latent2") && !file.has("out.decoded_unclamped")) {
                results.notCovered(label);
            }
            if (file.has("in.video")) {
                Latents latents = encoder.encode(video(), recorder);
                compare("out.latent", latents.values());
            }
            if (file.has("out.decoded_unclamped")) {
                Latents latents = latents("out.latent");
                recorder.chunk(0, latents.frames());
                List<DecodedFrame> pictures = decode(decoder, latents, recorder);
                compare("out.decoded_unclamped", video(pictures));
                compare("out.decoded", video(clamped(pictures)));
            }
            if (file.has("in.latent2")) {
                List<DecodedFrame> pictures = decode(decoder, latents("in.latent2"), VaeListener.NONE);
                compare("out.decoded2", video(clamped(pictures)));
            }
            if (Files.exists(intermediates)) {
                try (GoldenFile expected = GoldenFile.open(intermediates)) {
                    for (String tensor : expected.names("mid.")) {
                        Tolerance tolerance = new Tolerance(Measure.MAX_REL, STRICT, ROUNDINGS);
                        results.compare(label, tensor, recorder.values(tensor), expected.floats(tensor), tolerance);
                    }
                }
            }
        }

        private void compare(String tensor, float[] actual) {
            results.compare(
                    label, tensor, actual, file.floats(tensor), new Tolerance(Measure.MAX_ABS, STRICT, ROUNDINGS));
        }

        private static List<DecodedFrame> decode(VaeDecoder decoder, Latents latents, VaeListener listener) {
            List<DecodedFrame> pictures = new ArrayList<>();
            decoder.decode(latents, pictures::add, listener);
            return pictures;
        }

        private static List<DecodedFrame> clamped(List<DecodedFrame> pictures) {
            return pictures.stream().map(DecodedFrame::clamped).toList();
        }

        private VideoFrames video() {
            Shape s = file.shape("in.video");
            return VideoFrames.of(file.floats("in.video"), (int) s.dim(1), (int) s.dim(2), (int) s.dim(3));
        }

        private Latents latents(String tensor) {
            Shape s = file.shape(tensor);
            return new Latents((int) s.dim(0), (int) s.dim(1), (int) s.dim(2), (int) s.dim(3), file.floats(tensor));
        }

        /** [3, T, H, W]. */
        private static float[] video(List<DecodedFrame> pictures) {
            int values = pictures.get(0).values().length;
            int pixels = values / VaeConfig.PICTURE_CHANNELS;
            float[] video = new float[pictures.size() * values];
            for (DecodedFrame picture : pictures) {
                for (int c = 0; c < VaeConfig.PICTURE_CHANNELS; c++) {
                    int to = (c * pictures.size() + picture.index()) * pixels;
                    System.arraycopy(picture.values(), c * pixels, video, to, pixels);
                }
            }
            return video;
        }
    }
}
