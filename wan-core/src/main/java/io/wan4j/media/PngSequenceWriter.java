package io.wan4j.media;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** A folder of PNG files. */
final class PngSequenceWriter extends StagedFrameWriter {
    private final PixelSize size;

    PngSequenceWriter(StagedOutput output, Path target, VideoSettings settings) {
        super(output, target, settings);
        this.size = settings.size();
    }

    @Override
    void encode(byte[] rgb, int index) throws IOException {
        Picture.wrap(size, rgb).writePng(temporary().resolve(String.format(Locale.ROOT, "frame_%05d.png", index)));
    }

    @Override
    void complete() {}

    @Override
    void release() {}
}
