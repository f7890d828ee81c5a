package io.wan4j.testkit.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.ImageToVideo;
import io.wan4j.Precision;
import io.wan4j.WanPipeline;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.checkpoint.lora.LoraMode;
import io.wan4j.checkpoint.lora.Strength;
import io.wan4j.checkpoint.safetensors.SafetensorsWriter;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Device;
import io.wan4j.spi.Memory;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.testkit.synth.RandomWeights;
import io.wan4j.testkit.synth.TinyModel;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** LoRAs on a pipeline that lives on: they come, change and go. */
class LiveLoraTest {
    @TempDir
    private static Path folder = Path.of("");

    @BeforeAll
    static void write() {
        TinyModel.write(folder.resolve("model"), 3);
        int dim = TinyModel.transformer().dim();
        List<TensorSpec> specs = new ArrayList<>();
        for (String layer : List.of("blocks.0.self_attn.q", "blocks.1.cross_attn.k", "blocks.1.ffn.2")) {
            long in = layer.endsWith("ffn.2") ? TinyModel.transformer().ffnDim() : dim;
            specs.add(new TensorSpec(layer + ".lora_A.weight", Format.F32, Shape.of(4, in)));
            specs.add(new TensorSpec(layer + ".lora_B.weight", Format.F32, Shape.of(dim, 4)));
        }
        specs.add(new TensorSpec("blocks.0.norm3.diff", Format.F32, Shape.of(dim)));
        RandomWeights random = new RandomWeights(9);
        try (SafetensorsWriter writer = SafetensorsWriter.create(folder.resolve("lora.safetensors"), specs, Map.of())) {
            specs.forEach(spec -> writer.write(spec.name(), random.values(spec.name(), spec.shape())));
            writer.finish();
        }
    }

    private static Lora lora(Strength strength) {
        return new Lora(folder.resolve("lora.safetensors"), strength);
    }

    private static WanPipeline pipeline(Precision precision, LoraMode mode, List<Lora> loras) {
        var builder = WanPipeline.builder()
                .model(folder.resolve("model"))
                .device(Device.named("reference"))
                .precision(precision)
                .loraMode(mode);
        loras.forEach(builder::lora);
        return builder.build();
    }

    private static byte[] frames(WanPipeline pipeline) {
        PixelSize size = new PixelSize(32, 32);
        Picture picture = Picture.ofRgb(size, new byte[3 * 32 * 32]);
        ImageToVideo request =
                ImageToVideo.of(picture, "a cat").size(32, 32).frames(5).seed(1);
        return pipeline.generate(request).frames().get(4).rgb();
    }

    private static double difference(byte[] a, byte[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += Math.abs((a[i] & 0xFF) - (b[i] & 0xFF));
        }
        return sum / a.length;
    }

    @Test
    void lorasComeAndGoWithoutATrace() {
        try (WanPipeline live = pipeline(Precision.F32, LoraMode.MERGE, List.of())) {
            byte[] plain = frames(live);
            live.loras(List.of(lora(Strength.ONE)));
            byte[] changed = frames(live);
            live.loras(List.of());
            assertThat(frames(live)).isEqualTo(plain);
            assertThat(changed).isNotEqualTo(plain);
            try (WanPipeline merged = pipeline(Precision.F32, LoraMode.MERGE, List.of(lora(Strength.ONE)))) {
                assertThat(difference(changed, frames(merged))).isLessThan(0.01);
            }
        }
    }

    /** The same object, with a look at every result. */
    private static <T> T watched(Class<T> type, T target, BiFunction<Method, Object[], @Nullable Object> instead) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    Object other = instead.apply(method, arguments == null ? new Object[0] : arguments);
                    return other == null ? method.invoke(target, arguments) : other;
                }));
    }

    /** A device that notes the names of all weights that are put on it. */
    private static Device noting(Device device, List<String> placed) {
        Memory memory = watched(
                Memory.class,
                device.memory(),
                (method, arguments) -> method.getName().equals("arena")
                        ? watched(Arena.class, device.memory().arena(), (call, values) -> {
                            if (call.getName().equals("place")) {
                                placed.add(((StoredWeight) values[0]).values().name());
                            }
                            return null;
                        })
                        : null);
        return watched(
                Device.class, device, (method, arguments) -> method.getName().equals("memory") ? memory : null);
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "INT8", "FP8"})
    void lorasChangeWithoutLoadingTheBaseAgain(Precision precision) {
        List<String> placed = new ArrayList<>();
        try (WanPipeline live = WanPipeline.builder()
                .model(folder.resolve("model"))
                .device(Device.named("reference"))
                .precision(precision)
                .instrument(device -> noting(device, placed))
                .build()) {
            byte[] plain = frames(live);
            assertThat(placed).contains("blocks.0.self_attn.q.weight", "blocks.1.ffn.2.weight");
            placed.clear();
            for (Strength strength :
                    List.of(Strength.ONE, Strength.of(0.3f), new Strength(List.of(1f, 0f, 0.5f, 0f)))) {
                live.loras(List.of(lora(strength)));
                assertThat(frames(live)).isNotEqualTo(plain);
            }
            live.loras(List.of());
            assertThat(frames(live)).isEqualTo(plain);
            assertThat(placed).noneMatch(name -> name.startsWith("blocks."));
        }
    }

    @Test
    void mergedLorasGiveWayToOthers() {
        try (WanPipeline live = pipeline(Precision.F32, LoraMode.MERGE, List.of(lora(Strength.ONE)));
                WanPipeline half = pipeline(Precision.F32, LoraMode.SIDE_BRANCH, List.of(lora(Strength.of(0.5f))))) {
            frames(live);
            assertThat(live.loras()).hasSize(1);
            live.loras(List.of(lora(Strength.of(0.5f))));
            assertThat(frames(live)).isEqualTo(frames(half));
        }
    }

    @Test
    void strengthOfEachStepCounts() {
        Strength switched = new Strength(List.of(1f, 1f, 0f, 0f));
        try (WanPipeline live = pipeline(Precision.F32, LoraMode.MERGE, List.of(lora(switched)))) {
            byte[] first = frames(live);
            assertThat(frames(live)).isEqualTo(first);
            live.loras(List.of(lora(new Strength(List.of(1f, 1f, 1f, 1f)))));
            byte[] whole = frames(live);
            live.loras(List.of(lora(new Strength(List.of(0f, 0f, 0f, 0f)))));
            byte[] none = frames(live);
            assertThat(first).isNotEqualTo(whole).isNotEqualTo(none);
        }
    }

    @Test
    void quantisedWhenLoadedIsCloseToF32() {
        try (WanPipeline exact = pipeline(Precision.F32, LoraMode.MERGE, List.of());
                WanPipeline int8 = pipeline(Precision.INT8, LoraMode.MERGE, List.of());
                WanPipeline fp8 = pipeline(Precision.FP8, LoraMode.MERGE, List.of(lora(Strength.of(0f))))) {
            byte[] expected = frames(exact);
            assertThat(difference(frames(int8), expected)).isPositive().isLessThan(3);
            assertThat(difference(frames(fp8), expected)).isPositive().isLessThan(6);
        }
    }
}
