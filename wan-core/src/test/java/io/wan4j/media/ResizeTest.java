package io.wan4j.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.wan4j.error.ShapeException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class ResizeTest {
    private static Planes random(int channels, PixelSize size, long seed) {
        Random random = new Random(seed);
        Planes planes = Planes.zeros(channels, size);
        for (int i = 0; i < planes.values().length; i++) {
            planes.values()[i] = random.nextFloat() * 2 - 1;
        }
        return planes;
    }

    @ParameterizedTest
    @EnumSource
    void sameSizeChangesNothing(Resize resize) {
        Planes planes = random(2, new PixelSize(7, 5), 1);
        assertThat(resize.apply(planes, planes.size()).values()).isEqualTo(planes.values());
    }

    @ParameterizedTest
    @EnumSource
    void flatPictureStaysFlatAtEverySize(Resize resize) {
        Planes planes = Planes.zeros(1, new PixelSize(13, 9));
        Arrays.fill(planes.values(), 0.7f);
        for (int width : new int[] {1, 2, 5, 13, 40}) {
            for (float value : resize.apply(planes, new PixelSize(width, 3)).values()) {
                assertThat(value).isCloseTo(0.7f, within(1e-6f));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void mirroredPictureGivesMirroredResult(Resize resize) {
        PixelSize size = new PixelSize(31, 17);
        PixelSize wanted = new PixelSize(12, 23);
        Planes planes = random(1, size, 3);
        float[] there = resize.apply(planes, wanted).values();
        float[] back = resize.apply(mirrored(planes), wanted).values();
        for (int y = 0; y < 23; y++) {
            for (int x = 0; x < 12; x++) {
                assertThat(back[y * 12 + 11 - x]).isCloseTo(there[y * 12 + x], within(1e-6f));
            }
        }
    }

    private static Planes mirrored(Planes planes) {
        Planes out = Planes.zeros(1, planes.size());
        int width = planes.size().width();
        for (int i = 0; i < out.values().length; i++) {
            out.values()[i] = planes.values()[i / width * width + width - 1 - i % width];
        }
        return out;
    }

    @Test
    void plainBicubicOvershootsAtAnEdgeAndIsNotClamped() {
        Planes step = new Planes(new float[] {-1, -1, -1, 1, 1, 1}, 1, new PixelSize(6, 1));
        float[] values = Resize.BICUBIC.apply(step, new PixelSize(24, 1)).values();
        float max = Float.NEGATIVE_INFINITY;
        for (float value : values) {
            max = Math.max(max, value);
        }
        assertThat(max).isGreaterThan(1.05f);
    }

    @ParameterizedTest
    @CsvSource({"16,16", "16,1", "1,16", "1,1"})
    void tinySourcesAndTargetsWork(int from, int to) {
        Planes planes = random(3, new PixelSize(from, from), 5);
        for (Resize resize : Resize.values()) {
            assertThat(resize.apply(planes, new PixelSize(to, to)).values()).doesNotContain(Float.NaN);
        }
    }

    @Test
    void planesMustHaveOneValuePerPixel() {
        assertThatThrownBy(() -> new Planes(new float[5], 3, new PixelSize(2, 2)))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("12")
                .hasMessageContaining("got 5");
    }

    @Test
    void framesOfAVideoAreTakenByNumber() {
        float[] video = new float[3 * 2 * 2];
        for (int i = 0; i < video.length; i++) {
            video[i] = i;
        }
        PixelSize size = new PixelSize(2, 1);
        assertThat(Planes.ofFrame(video, 2, 1, size).values()).containsExactly(2, 3, 6, 7, 10, 11);
        assertThatThrownBy(() -> Planes.ofFrame(video, 2, 2, size)).isInstanceOf(ShapeException.class);
    }

    @Test
    void outOfRangeAndNanValuesBecomeBytesWithinRange() {
        Planes planes = new Planes(new float[] {-3, 9, Float.NaN, -1, 1, 0}, 3, new PixelSize(2, 1));
        assertThat(planes.toPicture().rgb()).containsExactly(0, 0, 255, 255, 0, 127);
    }

    @Test
    void videoSizeRefusesOddExtentsAndNamesTheNearest() {
        assertThatThrownBy(() -> new VideoSize(830, 470))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("832x464");
        assertThatThrownBy(() -> new VideoSize(0, 480)).isInstanceOf(ShapeException.class);
    }

    @Test
    void extremePicturesGetAClearError() {
        assertThatThrownBy(() -> VideoSize.of(new PixelSize(100_000, 1), 480 * 832))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("less extreme");
        assertThatThrownBy(() -> VideoSize.of(new PixelSize(16, 16), 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void standardBucketsFollowTheRatio() {
        AspectBuckets buckets = AspectBuckets.standard();
        assertThat(buckets.choose(new PixelSize(1920, 1080), AspectBuckets.Resolution.P480))
                .isEqualTo(new PixelSize(832, 480));
        assertThat(buckets.choose(new PixelSize(1080, 1920), AspectBuckets.Resolution.P720))
                .isEqualTo(new PixelSize(720, 1280));
        assertThat(buckets.choose(new PixelSize(500, 500), AspectBuckets.Resolution.P540))
                .isEqualTo(new PixelSize(576, 576));
    }

    @Test
    void exactCropRoundsHalfToEven() {
        assertThat(CropBox.exactlyTowards(new PixelSize(10, 7), new PixelSize(2, 1)))
                .isEqualTo(new CropBox(1, 6, 0, 10));
        assertThat(CropBox.exactlyTowards(new PixelSize(10, 8), new PixelSize(2, 1)))
                .isEqualTo(new CropBox(2, 7, 0, 10));
    }
}
