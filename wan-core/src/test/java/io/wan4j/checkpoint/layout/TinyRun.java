package io.wan4j.checkpoint.layout;

import io.wan4j.GenerationPlan;
import io.wan4j.ImageToVideo;
import io.wan4j.Precision;
import io.wan4j.WanPipeline;
import io.wan4j.WanPipelineBuilder;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.pipeline.ModelParts;
import io.wan4j.prompt.TinyTokenizer;
import io.wan4j.spi.Device;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/** Whole generations with the golden weights, from picture and sentence to frames. */
final class TinyRun {
    /** Fits the golden text encoder's 300 rows. */
    static final TinyTokenizer TOKENIZER =
            new TinyTokenizer(List.of("\u2581a", "\u2581cat", "\u2581surfing"), TinyTokenizer.Fallback.BYTES);

    private TinyRun() {}

    private static ImageToVideo request() {
        byte[] rgb = new byte[3 * 48 * 40];
        new SplittableRandom(11).nextBytes(rgb);
        return ImageToVideo.of(Picture.ofRgb(new PixelSize(48, 40), rgb), "a cat surfing")
                .size(32, 16)
                .frames(5)
                .seed(42);
    }

    /** The bytes of all frames; components from elsewhere may be chosen. */
    static byte[] frames(Path model, Map<Component, Path> chosen, UnaryOperator<WanPipelineBuilder> options) {
        try (WanPipeline pipeline = options.apply(builder(model, chosen)).build()) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            pipeline.generate(request()).frames().forEach(frame -> all.writeBytes(frame.rgb()));
            return all.toByteArray();
        }
    }

    /** What a generation would need. */
    static GenerationPlan plan(Path model, Map<Component, Path> chosen, Precision precision) {
        try (WanPipeline pipeline = builder(model, chosen).precision(precision).build()) {
            return pipeline.plan(request());
        }
    }

    private static WanPipelineBuilder builder(Path model, Map<Component, Path> chosen) {
        WanPipelineBuilder builder = WanPipeline.builder()
                .model(model)
                .device(Device.named("reference"))
                .heads(new ModelParts.Heads(OptionalInt.of(2), OptionalInt.of(3)));
        chosen.forEach(builder::component);
        return builder;
    }
}
