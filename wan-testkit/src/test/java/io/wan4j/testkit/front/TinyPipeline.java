package io.wan4j.testkit.front;

import io.wan4j.ImageToVideo;
import io.wan4j.MemoryLimit;
import io.wan4j.WanPipeline;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.spi.Device;
import io.wan4j.testkit.synth.TinyModel;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/** A tiny model, a tiny picture and a tiny request. */
final class TinyPipeline {
    static final int WIDTH = 32;
    static final int HEIGHT = 16;
    static final int FRAMES = 5;

    private TinyPipeline() {}

    static Path model(Path folder) {
        Path model = folder.resolve("model");
        TinyModel.write(model, 7);
        return model;
    }

    static WanPipeline open(Path model) {
        return WanPipeline.builder()
                .model(model)
                .device(Device.named("reference"))
                .build();
    }

    static WanPipeline open(Path model, long memory) {
        return WanPipeline.builder()
                .model(model)
                .device(Device.named("reference"))
                .memoryLimit(MemoryLimit.bytes(memory))
                .build();
    }

    static Picture picture() {
        byte[] rgb = new byte[3 * 48 * 40];
        new SplittableRandom(11).nextBytes(rgb);
        return Picture.ofRgb(new PixelSize(48, 40), rgb);
    }

    static ImageToVideo request() {
        return ImageToVideo.of(picture(), "a cat surfing at dusk")
                .size(WIDTH, HEIGHT)
                .frames(FRAMES)
                .seed(42);
    }

    static List<byte[]> bytes(List<Picture> frames) {
        return frames.stream().map(Picture::rgb).toList();
    }
}
