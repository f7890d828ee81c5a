package io.wan4j.gpucheck;

import io.wan4j.media.VideoSize;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.text.TextConfig;
import io.wan4j.model.vae.VaeConfig;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.spi.Convolution.Geometry;
import io.wan4j.testkit.ContractShapes.AttentionShape;
import io.wan4j.testkit.ContractShapes.ConvolutionShape;
import io.wan4j.testkit.ContractShapes.LinearShape;
import io.wan4j.testkit.ContractShapes.RowShape;
import io.wan4j.testkit.WanShapes;
import io.wan4j.testkit.WanShapes.Named;
import io.wan4j.testkit.synth.TinyModel;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What is measured, and how large.
 *
 * @param size which of the four
 * @param kernels shapes of single kernels
 * @param model sizes of the networks
 * @param clip size of the video
 * @param bench how kernels are measured
 */
record Workload(Size size, Kernels kernels, Model model, Clip clip, Bench bench) {
    /** How large. */
    enum Size {
        /** A model of a few hundred kilobytes: tries the check itself, on a device without a GPU. */
        TINY,
        /** The sizes of Wan, few tokens. */
        QUICK,
        /** The sizes of Wan, 832x480, 81 frames, few samples: where time is short. */
        TIMED,
        /** The sizes of Wan, 832x480, 81 frames. */
        FULL;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Size of(String label) {
            return valueOf(label.toUpperCase(Locale.ROOT));
        }
    }

    /**
     * Shapes of single kernels.
     *
     * @param square rows, columns and depth of the matrix product that finds a ceiling
     */
    record Kernels(
            List<Named<LinearShape>> linears,
            List<Named<AttentionShape>> attentions,
            List<Named<ConvolutionShape>> convolutions,
            List<RowShape> rows,
            int square) {}

    /** Sizes of the networks. */
    record Model(WanConfig transformer, TextConfig text, VisionConfig image, VaeConfig vae) {}

    /** Size of the video, its frames, and the tokens of the prompt. */
    record Clip(VideoSize size, int frames, int words) {
        int latentFrames() {
            return (frames - 1) / 4 + 1;
        }
    }

    static Workload of(Size size) {
        return switch (size) {
            case TINY -> tiny();
            case QUICK -> wan(size, List.of(1560, 7800), 17, Bench.QUICK);
            case TIMED -> wan(size, List.of(1560, 32760), 81, Bench.QUICK);
            case FULL -> wan(size, List.of(1560, 7800, 32760), 81, Bench.FULL);
        };
    }

    private static Workload wan(Size size, List<Integer> tokens, int frames, Bench bench) {
        int most = tokens.get(tokens.size() - 1);
        Kernels kernels = new Kernels(
                Stream.concat(
                                tokens.stream().flatMap(count -> WanShapes.linears(count).stream()),
                                WanShapes.encoderLinears().stream())
                        .distinct()
                        .toList(),
                tokens.stream()
                        .flatMap(count -> WanShapes.attentions(count).stream())
                        .toList(),
                WanShapes.convolutions(),
                List.of(new RowShape(most, 5120)),
                8192);
        Model model = new Model(WanConfig.i2v14b(), TextConfig.umt5Xxl(), VisionConfig.vitHuge14(), VaeConfig.wan21());
        return new Workload(size, kernels, model, new Clip(new VideoSize(832, 480), frames, 512), bench);
    }

    private static Workload tiny() {
        Kernels kernels = new Kernels(
                List.of(new Named<>("small", new LinearShape(17, 48, 64))),
                List.of(new Named<>("small", new AttentionShape(17, List.of(33), 1, 128))),
                List.of(new Named<>("small", new ConvolutionShape(2, 1, 4, 3, 8, 6, 3, 3, Geometry.SAME_3))),
                List.of(new RowShape(5, 128)),
                64);
        WanConfig transformer = new WanConfig(64, 128, 2, 3, 64, 80);
        Model model = new Model(transformer, TinyModel.text(), TinyModel.image(), TinyModel.vae());
        return new Workload(Size.TINY, kernels, model, new Clip(new VideoSize(32, 32), 5, 7), new Bench(3, 0, 1));
    }
}
