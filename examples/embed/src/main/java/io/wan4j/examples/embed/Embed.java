package io.wan4j.examples.embed;

import io.wan4j.ImageToVideo;
import io.wan4j.Video;
import io.wan4j.WanPipeline;
import java.nio.file.Path;

/** Turns a picture and a sentence into an mp4: {@code Embed MODEL PICTURE PROMPT OUT [WIDTH HEIGHT FRAMES]}. */
public final class Embed {
    private Embed() {}

    /** Runs the program. */
    public static void main(String[] args) {
        ImageToVideo request = ImageToVideo.of(Path.of(args[1]), args[2]).seed(42);
        if (args.length > 4) {
            request = request.size(Integer.parseInt(args[4]), Integer.parseInt(args[5]))
                    .frames(Integer.parseInt(args[6]));
        }
        try (WanPipeline wan = WanPipeline.builder().model(Path.of(args[0])).build()) {
            Video video = wan.generate(request, progress -> System.out.println(progress));
            System.out.println(video.writeMp4(Path.of(args[3])));
        }
    }
}
