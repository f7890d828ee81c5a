package io.wan4j.media;

import io.wan4j.error.UnsupportedException;
import io.wan4j.tensor.JavaCppLimits;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacv.FFmpegFrameRecorder;
import org.bytedeco.javacv.Frame;

/** H.264 in mp4 through FFmpeg and OpenH264. */
final class Mp4Writer extends StagedFrameWriter {
    private static final int MIN_EXTENT = 16;
    /** The largest frame of H.264 level 5.2, which is what OpenH264 goes up to. */
    private static final long MAX_PIXELS = 36864 * 256;
    /** More than OpenH264 spends on usual content: quality is then limited by its quantiser, not by the rate. */
    private static final double BITS_PER_PIXEL = 1.25;

    private static final int MIN_BITS_PER_SECOND = 400_000;
    private static final int MAX_BITS_PER_SECOND = 100_000_000;

    private final PixelSize size;
    private final FFmpegFrameRecorder recorder;
    /** Native, and freed at the end: a direct buffer would wait for the garbage collector. */
    private final BytePointer pixels;

    Mp4Writer(StagedOutput output, Path target, VideoSettings settings) throws IOException {
        super(output, target, settings);
        this.size = settings.size();
        JavaCppLimits.lift();
        try {
            silence();
            this.recorder = new FFmpegFrameRecorder(temporary().toFile(), size.width(), size.height(), 0);
            configure(recorder, settings);
            recorder.start();
            this.pixels = new BytePointer(3 * size.pixels());
        } catch (LinkageError e) {
            throw new UnsupportedException(
                    "video " + target + ": expected FFmpeg for this platform on the class path, got " + e
                            + "; add the artifact org.bytedeco:ffmpeg with your platform's classifier, or write GIF or PNG",
                    e);
        }
    }

    static void checkSize(Path target, PixelSize size) {
        if (size.width() % 2 != 0
                || size.height() % 2 != 0
                || Math.min(size.width(), size.height()) < MIN_EXTENT
                || size.pixels() > MAX_PIXELS) {
            throw new IllegalArgumentException("mp4 " + target + ": expected even width and height of at least "
                    + MIN_EXTENT + " and at most " + MAX_PIXELS + " pixels (H.264, 4:2:0), got " + size
                    + "; use such a size, or write GIF or PNG frames");
        }
    }

    /** FFmpeg writes to the standard error by default; a host that has chosen another level keeps it. */
    private static void silence() {
        if (avutil.av_log_get_level() == avutil.AV_LOG_INFO) {
            avutil.av_log_set_level(avutil.AV_LOG_QUIET);
        }
    }

    private static void configure(FFmpegFrameRecorder recorder, VideoSettings settings) {
        double rate = settings.size().pixels() * settings.framesPerSecond() * BITS_PER_PIXEL;
        recorder.setFormat("mp4");
        recorder.setOption("movflags", "faststart");
        recorder.setVideoCodec(avcodec.AV_CODEC_ID_H264);
        recorder.setVideoCodecName("libopenh264");
        recorder.setVideoOption("profile", "high");
        recorder.setPixelFormat(avutil.AV_PIX_FMT_YUV420P);
        recorder.setFrameRate(settings.framesPerSecond());
        recorder.setGopSize((int) Math.ceil(2 * settings.framesPerSecond()));
        recorder.setVideoBitrate((int) Math.max(MIN_BITS_PER_SECOND, Math.min(MAX_BITS_PER_SECOND, rate)));
        // full chroma input: otherwise every second column's colour is dropped, not averaged
        recorder.setImageScalingFlags(swscale.SWS_BICUBIC | swscale.SWS_ACCURATE_RND | swscale.SWS_FULL_CHR_H_INP);
        // what the conversion does, so that players need not guess by the size
        recorder.setVideoOption("colorspace", "smpte170m");
        recorder.setVideoOption("color_primaries", "bt709");
        recorder.setVideoOption("color_trc", "bt709");
        recorder.setVideoOption("color_range", "tv");
    }

    @Override
    void encode(byte[] rgb, int index) throws IOException {
        pixels.put(rgb);
        recorder.recordImage(
                size.width(),
                size.height(),
                Frame.DEPTH_UBYTE,
                3,
                3 * size.width(),
                avutil.AV_PIX_FMT_RGB24,
                pixels.asByteBuffer());
    }

    @Override
    void complete() throws IOException {
        recorder.stop();
        checkWhole(temporary());
    }

    @Override
    void release() throws IOException {
        recorder.release();
        pixels.close();
    }

    /** FFmpeg's trailer reports no errors here: a full disk shows as boxes that do not add up to the file. */
    private static void checkWhole(Path file) throws IOException {
        boolean index = false;
        try (SeekableByteChannel in = Files.newByteChannel(file)) {
            ByteBuffer head = ByteBuffer.allocate(16);
            while (in.position() < in.size()) {
                long start = in.position();
                in.read(head.clear());
                if (head.position() < 8) {
                    throw new EOFException("a file that ends early; is the disk full?");
                }
                long length = head.getInt(0) & 0xffffffffL;
                length = length == 1 && head.position() == 16 ? head.getLong(8) : length;
                index |= head.getInt(4) == 0x6d6f6f76; // "moov"
                if (length < 8 || length > in.size() - start) {
                    throw new EOFException("a file that ends early; is the disk full?");
                }
                in.position(start + length);
            }
        }
        if (!index) {
            throw new EOFException("a file without an index; is the disk full?");
        }
    }
}
