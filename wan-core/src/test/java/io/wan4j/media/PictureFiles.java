package io.wan4j.media;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;

/** Picture files of every kind, made on the spot. */
final class PictureFiles {
    static final int WIDTH = 48;
    static final int HEIGHT = 32;

    private PictureFiles() {}

    /** Four quarters: red, green, blue, and dark grey at the bottom right. */
    static int colour(int x, int y) {
        boolean right = x >= WIDTH / 2;
        boolean low = y >= HEIGHT / 2;
        return low ? (right ? 0x404040 : 0x0000ff) : (right ? 0x00ff00 : 0xff0000);
    }

    static BufferedImage quarters(int type) {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, type);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                image.setRGB(x, y, 0xff000000 | colour(x, y));
            }
        }
        return image;
    }

    static byte[] encode(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (!ImageIO.write(image, format, out)) {
            throw new IOException("no writer for " + format);
        }
        return out.toByteArray();
    }

    static byte[] progressiveJpeg(BufferedImage image) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam param = writer.getDefaultWriteParam();
        param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), param);
        }
        writer.dispose();
        return bytes.toByteArray();
    }

    /** As Photoshop writes it: 255 is no ink. */
    static byte[] cmykJpeg(int... paper) throws IOException {
        byte[] jpeg = fourChannelJpeg(paper);
        return ByteBuffer.allocate(jpeg.length + 16)
                .put(jpeg, 0, 2)
                .putShort((short) 0xffee)
                .putShort((short) 14)
                .put("Adobe".getBytes(StandardCharsets.ISO_8859_1))
                .putShort((short) 100)
                .putInt(0)
                .put((byte) 0)
                .put(jpeg, 2, jpeg.length - 2)
                .array();
    }

    static byte[] fourChannelJpeg(int... bands) throws IOException {
        WritableRaster raster = Raster.createBandedRaster(DataBuffer.TYPE_BYTE, WIDTH, HEIGHT, 4, null);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                raster.setPixel(x, y, bands);
            }
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(raster, null, null), null);
        }
        writer.dispose();
        return bytes.toByteArray();
    }

    /** A TIFF header and one entry: the orientation. */
    static byte[] exif(int orientation) {
        return ByteBuffer.allocate(26)
                .put("MM\0*".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(8)
                .putShort((short) 1)
                .putShort((short) 0x112)
                .putShort((short) 3)
                .putInt(1)
                .putShort((short) orientation)
                .putShort((short) 0)
                .putInt(0)
                .array();
    }

    static byte[] jpegWithExif(byte[] jpeg, byte[] tiff) {
        return ByteBuffer.allocate(jpeg.length + tiff.length + 10)
                .put(jpeg, 0, 2)
                .putShort((short) 0xffe1)
                .putShort((short) (tiff.length + 8))
                .put("Exif\0\0".getBytes(StandardCharsets.ISO_8859_1))
                .put(tiff)
                .put(jpeg, 2, jpeg.length - 2)
                .array();
    }

    static byte[] chunk(String type, byte[] body) {
        ByteBuffer out = ByteBuffer.allocate(body.length + 12)
                .putInt(body.length)
                .put(type.getBytes(StandardCharsets.ISO_8859_1))
                .put(body);
        CRC32 sum = new CRC32();
        sum.update(out.array(), 4, body.length + 4);
        return out.putInt((int) sum.getValue()).array();
    }

    /** A PNG of any size, depth and colour type with the given raw scan lines (each with its filter byte). */
    static byte[] png(int width, int height, int depthAndColour, byte[] raw, byte[]... extraChunks) throws IOException {
        Deflater deflater = new Deflater();
        deflater.setInput(raw);
        deflater.finish();
        byte[] buffer = new byte[raw.length + 1024];
        int length = deflater.deflate(buffer);
        deflater.end();
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put((byte) (depthAndColour >> 8))
                .put((byte) depthAndColour)
                .array();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write("\u0089PNG\r\n\u001a\n".getBytes(StandardCharsets.ISO_8859_1));
        out.write(chunk("IHDR", header));
        for (byte[] extra : extraChunks) {
            out.write(extra);
        }
        out.write(chunk("IDAT", java.util.Arrays.copyOf(buffer, length)));
        out.write(chunk("IEND", new byte[0]));
        return out.toByteArray();
    }

    /** A WebP through FFmpeg's libwebp; quality 100 and lossless, or lossy. */
    static byte[] webp(BufferedImage image, boolean lossless) throws IOException {
        AVCodec codec = avcodec.avcodec_find_encoder_by_name("libwebp");
        AVCodecContext context = avcodec.avcodec_alloc_context3(codec);
        AVFrame frame = avutil.av_frame_alloc();
        AVPacket packet = avcodec.av_packet_alloc();
        try {
            int format = lossless ? avutil.AV_PIX_FMT_BGRA : avutil.AV_PIX_FMT_YUV420P;
            context.width(image.getWidth()).height(image.getHeight()).pix_fmt(format);
            context.time_base().num(1).den(1);
            AVDictionary options = new AVDictionary();
            avutil.av_dict_set(options, "lossless", lossless ? "1" : "0", 0);
            check(avcodec.avcodec_open2(context, codec, options));
            frame.width(image.getWidth()).height(image.getHeight()).format(format);
            check(avutil.av_frame_get_buffer(frame, 0));
            fill(frame, image, lossless);
            check(avcodec.avcodec_send_frame(context, frame));
            check(avcodec.avcodec_send_frame(context, null));
            check(avcodec.avcodec_receive_packet(context, packet));
            byte[] bytes = new byte[packet.size()];
            packet.data().get(bytes);
            return bytes;
        } finally {
            avcodec.av_packet_free(packet);
            avutil.av_frame_free(frame);
            avcodec.avcodec_free_context(context);
        }
    }

    private static void fill(AVFrame frame, BufferedImage image, boolean bgra) {
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                int argb = image.getRGB(x, y);
                if (bgra) {
                    BytePointer row = frame.data(0);
                    long at = (long) y * frame.linesize(0) + 4L * x;
                    for (int b = 0; b < 4; b++) {
                        row.put(at + b, (byte) (argb >> 8 * b));
                    }
                } else {
                    double r = argb >> 16 & 255;
                    double g = argb >> 8 & 255;
                    double b = argb & 255;
                    put(frame, 0, x, y, 16 + 0.257 * r + 0.504 * g + 0.098 * b);
                    put(frame, 1, x / 2, y / 2, 128 - 0.148 * r - 0.291 * g + 0.439 * b);
                    put(frame, 2, x / 2, y / 2, 128 + 0.439 * r - 0.368 * g - 0.071 * b);
                }
            }
        }
    }

    private static void put(AVFrame frame, int plane, int x, int y, double value) {
        frame.data(plane).put((long) y * frame.linesize(plane) + x, (byte) Math.round(value));
    }

    private static void check(int code) throws IOException {
        if (code < 0) {
            throw new IOException("FFmpeg answers " + code);
        }
    }

    /** Appends an EXIF chunk to a WebP's RIFF list. */
    static byte[] webpWithExif(byte[] webp, byte[] tiff) {
        ByteBuffer out = ByteBuffer.allocate(webp.length + 8 + tiff.length + (tiff.length & 1))
                .order(ByteOrder.LITTLE_ENDIAN);
        out.put(webp)
                .put("EXIF".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(tiff.length)
                .put(tiff);
        return out.putInt(4, out.capacity() - 8).array();
    }

    /** One small file of each kind that is read, by a name for messages. */
    static Map<String, byte[]> all() throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        BufferedImage rgb = quarters(BufferedImage.TYPE_3BYTE_BGR);
        BufferedImage alpha = quarters(BufferedImage.TYPE_4BYTE_ABGR);
        files.put("rgb.png", encode(rgb, "png"));
        files.put("alpha.png", encode(alpha, "png"));
        files.put("indexed.png", encode(quarters(BufferedImage.TYPE_BYTE_INDEXED), "png"));
        files.put("grey.png", encode(quarters(BufferedImage.TYPE_BYTE_GRAY), "png"));
        files.put("grey16.png", encode(quarters(BufferedImage.TYPE_USHORT_GRAY), "png"));
        files.put("rgb.jpg", encode(rgb, "jpeg"));
        files.put("progressive.jpg", progressiveJpeg(rgb));
        files.put("turned.jpg", jpegWithExif(encode(rgb, "jpeg"), exif(6)));
        files.put("cmyk.jpg", cmykJpeg(0, 0, 0, 0));
        files.put("lossy.webp", webp(rgb, false));
        files.put("lossless.webp", webp(alpha, true));
        return files;
    }
}
