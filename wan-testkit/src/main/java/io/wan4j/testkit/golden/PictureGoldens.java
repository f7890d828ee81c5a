package io.wan4j.testkit.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.media.AspectBuckets;
import io.wan4j.media.CropBox;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.media.Planes;
import io.wan4j.media.VideoSize;
import io.wan4j.testkit.GoldenFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Sizes and crops of pictures against {@code pipeline/size_formula.json} and {@code lightx2v_resize_modes}. */
final class PictureGoldens {
    private static final double BOUND = 1e-4;

    private PictureGoldens() {}

    static void run(Path folder, GoldenResults results) {
        if (Files.exists(folder.resolve("size_formula.json"))) {
            sizes(GoldenJson.read(folder.resolve("size_formula.json")), results);
        }
        if (Files.exists(folder.resolve("lightx2v_resize_modes.json"))) {
            resizeModes(folder, results);
        }
    }

    private static void sizes(JsonNode rows, GoldenResults results) {
        for (JsonNode row : rows) {
            PixelSize picture = size(row, "width", "height");
            VideoSize size = VideoSize.of(picture, row.path("max_area").asLong());
            float[] actual = {
                size.width(), size.height(), size.latentWidth(), size.latentHeight(), 21 * size.tokensPerFrame()
            };
            float[] expected = new float[actual.length];
            String[] keys = {"out_w", "out_h", "lat_w", "lat_h", "seq_len_81"};
            for (int i = 0; i < keys.length; i++) {
                expected[i] = row.path(keys[i]).asInt();
            }
            String tensor = picture + " in " + row.path("max_area").asText();
            results.compareExactly("size_formula", tensor, actual, expected, Measure.MAX_ABS, 0);
        }
    }

    private static void resizeModes(Path folder, GoldenResults results) {
        Planes image = Picture.read(folder.resolve("input.png")).toPlanes();
        String label = "lightx2v_resize_modes";
        try (GoldenFile file = GoldenFile.open(folder.resolve("lightx2v_resize_modes.safetensors"))) {
            for (JsonNode row : GoldenJson.read(folder.resolve("lightx2v_resize_modes.json"))) {
                if (row.has("crop_bbox_of_input_for")) {
                    crop(row, image, results);
                    continue;
                }
                String name = row.path("name").asText();
                Planes fitted = fit(image, row);
                Planes last = AspectBuckets.toVideoSize(fitted);
                results.compareExactly(
                        label, name, fitted.values(), file.floats(name + ".resized"), Measure.MAX_ABS, BOUND);
                results.compareExactly(
                        label, name, last.values(), file.floats(name + ".final"), Measure.MAX_ABS, BOUND);
            }
        }
    }

    private static void crop(JsonNode row, Planes image, GoldenResults results) {
        PixelSize target = heightWidth(row.path("crop_bbox_of_input_for"));
        CropBox box = CropBox.towards(image.size(), target);
        float[] actual = {box.top(), box.bottom(), box.left(), box.right()};
        float[] expected = new float[4];
        for (int i = 0; i < 4; i++) {
            expected[i] = row.path("y0_y1_x0_x1").path(i).asInt();
        }
        results.compareExactly("lightx2v_resize_modes", "crop " + target, actual, expected, Measure.MAX_ABS, 0);
    }

    private static Planes fit(Planes image, JsonNode row) {
        JsonNode arguments = row.path("args");
        if (row.path("mode").asText().equals("fixed_shape")) {
            return AspectBuckets.fitFixedShape(image, heightWidth(arguments.path("fixed_shape")));
        }
        List<AspectBuckets.Bucket> buckets = new ArrayList<>();
        arguments.path("bucket_shape").properties().forEach(bucket -> {
            List<PixelSize> sizes = new ArrayList<>();
            bucket.getValue().forEach(node -> sizes.add(heightWidth(node)));
            buckets.add(new AspectBuckets.Bucket(Double.parseDouble(bucket.getKey()), sizes));
        });
        AspectBuckets.Resolution resolution =
                switch (arguments.path("resolution").asText()) {
                    case "540p" -> AspectBuckets.Resolution.P540;
                    case "720p" -> AspectBuckets.Resolution.P720;
                    default -> AspectBuckets.Resolution.P480;
                };
        return AspectBuckets.fit(image, new AspectBuckets(buckets).choose(image.size(), resolution));
    }

    private static PixelSize heightWidth(JsonNode pair) {
        return new PixelSize(pair.path(1).asInt(), pair.path(0).asInt());
    }

    private static PixelSize size(JsonNode row, String width, String height) {
        return new PixelSize(row.path(width).asInt(), row.path(height).asInt());
    }
}
