package io.wan4j.media;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.FileImageOutputStream;

/** An animated GIF through ImageIO, which picks up to 256 colours for each frame with an octree. */
final class GifWriter extends StagedFrameWriter {
    private static final String FORMAT = "javax_imageio_gif_image_1.0";
    /** Shorter delays than 2/100 s are not kept by viewers. */
    private static final double MAX_FRAMES_PER_SECOND = 50;

    private static final int MAX_EXTENT = 65535;

    private final PixelSize size;
    private final double framesPerSecond;
    private final ImageWriter writer;
    private final FileImageOutputStream out;
    private boolean open = true;

    GifWriter(StagedOutput output, Path target, VideoSettings settings) throws IOException {
        super(output, target, settings);
        this.size = settings.size();
        this.framesPerSecond = settings.framesPerSecond();
        this.writer = ImageIO.getImageWritersByFormatName("gif").next();
        this.out = new FileImageOutputStream(temporary().toFile());
        writer.setOutput(out);
        writer.prepareWriteSequence(null);
    }

    static void checkSettings(Path target, VideoSettings settings) {
        PixelSize size = settings.size();
        if (settings.framesPerSecond() > MAX_FRAMES_PER_SECOND
                || size.width() > MAX_EXTENT
                || size.height() > MAX_EXTENT) {
            throw new IllegalArgumentException("GIF " + target + ": expected at most " + MAX_FRAMES_PER_SECOND
                    + " frames per second and " + MAX_EXTENT + " pixels, got " + settings.framesPerSecond() + " and "
                    + size + "; write mp4 or PNG frames instead");
        }
    }

    @Override
    void encode(byte[] rgb, int index) throws IOException {
        IIOMetadata metadata = writer.getDefaultImageMetadata(
                ImageTypeSpecifier.createFromBufferedImageType(BufferedImage.TYPE_INT_RGB), null);
        IIOMetadataNode root = new IIOMetadataNode(FORMAT);
        root.appendChild(control(index));
        if (index == 0) {
            root.appendChild(repeatForever());
        }
        metadata.mergeTree(FORMAT, root);
        writer.writeToSequence(new IIOImage(Picture.wrap(size, rgb).toBufferedImage(), null, metadata), null);
    }

    /** GIF counts in 1/100 s, so delays vary by one to keep the rate on average. */
    private IIOMetadataNode control(int index) {
        long delay = Math.round((index + 1) * 100 / framesPerSecond) - Math.round(index * 100 / framesPerSecond);
        IIOMetadataNode control = new IIOMetadataNode("GraphicControlExtension");
        control.setAttribute("disposalMethod", "none");
        control.setAttribute("userInputFlag", "FALSE");
        control.setAttribute("transparentColorFlag", "FALSE");
        control.setAttribute("transparentColorIndex", "0");
        control.setAttribute("delayTime", Long.toString(Math.min(delay, MAX_EXTENT)));
        return control;
    }

    private static IIOMetadataNode repeatForever() {
        IIOMetadataNode extension = new IIOMetadataNode("ApplicationExtension");
        extension.setAttribute("applicationID", "NETSCAPE");
        extension.setAttribute("authenticationCode", "2.0");
        extension.setUserObject(new byte[] {1, 0, 0});
        IIOMetadataNode extensions = new IIOMetadataNode("ApplicationExtensions");
        extensions.appendChild(extension);
        return extensions;
    }

    @Override
    void complete() throws IOException {
        writer.endWriteSequence();
        release();
    }

    @Override
    void release() throws IOException {
        if (open) {
            open = false;
            writer.dispose();
            out.close();
        }
    }
}
