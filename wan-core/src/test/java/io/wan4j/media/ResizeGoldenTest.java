package io.wan4j.media;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Picture preparation against the reference: 1e-4, the tolerance of the goldens, is far above what is asked here. */
final class ResizeGoldenTest {
    /**
     * The reference computes coordinates up to 310 in single precision, so they are off by up to 310 * 2^-23 pixels,
     * and the pictures' levels change by less than 1 from pixel to pixel.
     */
    private static final double BOUND = 310 * 0x1p-23;

    private static JsonNode json(String relative) throws IOException {
        return new ObjectMapper().readTree(Goldens.path(relative).toFile());
    }

    private static float[] floats(SafetensorsFile file, String name) {
        return file.tensor(name).toFloats();
    }

    private static void assertClose(float[] got, float[] expected, double bound) {
        assertThat(got).hasSameSizeAs(expected);
        double worst = 0;
        int at = 0;
        for (int i = 0; i < got.length; i++) {
            double error = Math.abs((double) got[i] - expected[i]);
            if (!(error <= worst)) {
                worst = error;
                at = i;
            }
        }
        assertThat(worst)
                .as("worst at %d: got %s, expected %s", at, got[at], expected[at])
                .isLessThanOrEqualTo(bound);
    }

    private static Picture input() {
        return Picture.read(Goldens.path("pipeline/input.png"));
    }

    static Stream<JsonNode> sizes() throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        json("pipeline/size_formula.json").forEach(rows::add);
        assertThat(rows).hasSizeGreaterThan(15);
        return rows.stream();
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void videoSizeIsTheReferences(JsonNode row) {
        PixelSize picture =
                new PixelSize(row.get("width").asInt(), row.get("height").asInt());
        VideoSize size = VideoSize.of(picture, row.get("max_area").asLong());
        assertThat(size.height()).isEqualTo(row.get("out_h").asInt());
        assertThat(size.width()).isEqualTo(row.get("out_w").asInt());
        assertThat(size.latentHeight()).isEqualTo(row.get("lat_h").asInt());
        assertThat(size.latentWidth()).isEqualTo(row.get("lat_w").asInt());
        assertThat(21 * size.tokensPerFrame()).isEqualTo(row.get("seq_len_81").asLong());
    }

    @Test
    void pictureAndItsPlanesAreTheReferencesExactly() {
        try (SafetensorsFile file = SafetensorsFile.open(Goldens.path("pipeline/distill.safetensors"))) {
            Picture picture = input();
            assertThat(picture.rgb()).isEqualTo(bytes(file, "in.rgb"));
            assertThat(picture.toPlanes().values()).isEqualTo(floats(file, "mid.image"));
        }
    }

    private static byte[] bytes(SafetensorsFile file, String name) {
        byte[] out = new byte[(int) file.tensor(name).shape().count()];
        file.tensor(name).map().get(out);
        return out;
    }

    @Test
    void firstFrameIsPlainBicubicOfThePicture() {
        try (SafetensorsFile file = SafetensorsFile.open(Goldens.path("pipeline/distill.safetensors"))) {
            Planes frame = Resize.BICUBIC.apply(input(), new PixelSize(96, 64));
            assertClose(frame.values(), floats(file, "mid.first_frame"), BOUND);
            Planes ofPlanes = Resize.BICUBIC.apply(input().toPlanes(), new PixelSize(96, 64));
            assertThat(ofPlanes.values()).isEqualTo(frame.values());
            assertClose(ClipPreprocess.apply(input()).values(), floats(file, "mid.clip_preprocessed"), 4 * BOUND);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void clipInputIsTheReferences(int number) {
        try (SafetensorsFile file = SafetensorsFile.open(Goldens.path("clip/case_" + number + ".safetensors"))) {
            Picture picture = Picture.read(Goldens.path("clip/picture_" + number + ".png"));
            assertThat(picture.rgb()).isEqualTo(bytes(file, "in.rgb"));
            float[] resized = Resize.BICUBIC.apply(picture, ClipPreprocess.SIZE).values();
            float[] rows = floats(file, "mid.bicubic_224_row_0_111_223");
            float[] picked = new float[rows.length];
            int[] of = {0, 111, 223};
            for (int i = 0; i < 9; i++) {
                System.arraycopy(resized, (i / 3 * 224 + of[i % 3]) * 224, picked, i * 224, 224);
            }
            assertClose(picked, rows, BOUND);
            // division by a standard deviation of about a quarter
            assertClose(ClipPreprocess.apply(picture).values(), floats(file, "mid.preprocessed"), 4 * BOUND);
        }
    }

    @Test
    void bucketsCropAndResizeAsTheReference() throws IOException {
        JsonNode cases = json("pipeline/lightx2v_resize_modes.json");
        Planes image = input().toPlanes();
        int seen = 0;
        try (SafetensorsFile file = SafetensorsFile.open(Goldens.path("pipeline/lightx2v_resize_modes.safetensors"))) {
            for (JsonNode row : cases) {
                if (row.has("crop_bbox_of_input_for")) {
                    JsonNode box = row.get("y0_y1_x0_x1");
                    assertThat(CropBox.towards(image.size(), size(row.get("crop_bbox_of_input_for"))))
                            .isEqualTo(new CropBox(
                                    box.get(0).asInt(),
                                    box.get(1).asInt(),
                                    box.get(2).asInt(),
                                    box.get(3).asInt()));
                    continue;
                }
                String name = row.get("name").asText();
                Planes fitted = fit(image, row);
                assertThat(fitted.size()).isEqualTo(size(row.get("target_hw")));
                assertClose(fitted.values(), floats(file, name + ".resized"), BOUND);
                Planes last = AspectBuckets.toVideoSize(fitted);
                assertThat(last.size().height())
                        .isEqualTo(8 * row.get("latent_hw").get(0).asInt());
                assertThat(last.size().width())
                        .isEqualTo(8 * row.get("latent_hw").get(1).asInt());
                assertClose(last.values(), floats(file, name + ".final"), BOUND);
                seen++;
            }
        }
        assertThat(seen).isEqualTo(4);
    }

    private static Planes fit(Planes image, JsonNode row) {
        JsonNode args = row.get("args");
        if (row.get("mode").asText().equals("fixed_shape")) {
            return AspectBuckets.fitFixedShape(image, size(args.get("fixed_shape")));
        }
        List<AspectBuckets.Bucket> buckets = new ArrayList<>();
        args.get("bucket_shape").properties().forEach(bucket -> {
            List<PixelSize> sizes = new ArrayList<>();
            bucket.getValue().forEach(hw -> sizes.add(size(hw)));
            buckets.add(new AspectBuckets.Bucket(Double.parseDouble(bucket.getKey()), sizes));
        });
        AspectBuckets.Resolution resolution = args.path("resolution").asText().equals("540p")
                ? AspectBuckets.Resolution.P540
                : AspectBuckets.Resolution.P480;
        return AspectBuckets.fit(image, new AspectBuckets(buckets).choose(image.size(), resolution));
    }

    private static PixelSize size(JsonNode heightWidth) {
        int height = heightWidth.get(0).asInt();
        return new PixelSize(heightWidth.get(1).asInt(), height);
    }

    @Test
    void framesAreTruncatedToBytesExactlyAsTheReferences() {
        try (SafetensorsFile file = SafetensorsFile.open(Goldens.path("pipeline/distill.safetensors"))) {
            float[] video = floats(file, "out.video");
            byte[] expected = bytes(file, "out.frames_u8");
            PixelSize size = new PixelSize(96, 64);
            int frameBytes = (int) (3 * size.pixels());
            for (int t = 0; t < 17; t++) {
                byte[] frame = new byte[frameBytes];
                System.arraycopy(expected, t * frameBytes, frame, 0, frameBytes);
                assertThat(Planes.ofFrame(video, 17, t, size).toPicture().rgb())
                        .as("frame %d", t)
                        .isEqualTo(frame);
            }
        }
    }
}
