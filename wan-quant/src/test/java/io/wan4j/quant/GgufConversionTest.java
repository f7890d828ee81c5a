package io.wan4j.quant;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.layout.Quantisation;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From GGUF blocks to the formats that run fast. */
class GgufConversionTest {
    private static final int BLOCK = 32;

    @TempDir
    private Path folder = Path.of("");

    /** The golden transformer with its matrices in Q8_0. */
    private Path gguf() throws IOException {
        ByteArrayOutputStream infos = new ByteArrayOutputStream();
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        int count;
        try (ModelPart part = ModelPart.open(Tiny.TRANSFORMER)) {
            List<CheckpointTensor> tensors = new ArrayList<>(part.tensors().values());
            count = tensors.size();
            for (CheckpointTensor tensor : tensors) {
                long[] shape = tensor.shape().toArray();
                boolean blocks = shape.length == 2 && shape[1] % BLOCK == 0;
                byte[] name = tensor.name().getBytes(UTF_8);
                ByteBuffer info = ByteBuffer.allocate(8 + name.length + 4 + 8 * shape.length + 4 + 8)
                        .order(ByteOrder.LITTLE_ENDIAN);
                info.putLong(name.length).put(name).putInt(shape.length);
                for (int axis = shape.length - 1; axis >= 0; axis--) {
                    info.putLong(shape[axis]);
                }
                int plain = tensor.format() == Format.F32 ? 0 : 30;
                info.putInt(blocks ? 8 : plain).putLong(data.size());
                infos.writeBytes(info.array());
                data.writeBytes(blocks ? q8(tensor.toFloats()) : bytes(tensor));
                data.writeBytes(new byte[(32 - data.size() % 32) % 32]);
            }
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(ByteBuffer.allocate(24)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("GGUF".getBytes(UTF_8))
                .putInt(3)
                .putLong(count)
                .putLong(0)
                .array());
        file.writeBytes(infos.toByteArray());
        file.writeBytes(new byte[(32 - file.size() % 32) % 32]);
        file.writeBytes(data.toByteArray());
        return Files.write(folder.resolve("wan-Q8_0.gguf"), file.toByteArray());
    }

    private static byte[] bytes(CheckpointTensor tensor) {
        byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
        tensor.read(0, bytes.length).get(bytes);
        return bytes;
    }

    /** An F16 scale, and 32 codes, for every 32 values. */
    private static byte[] q8(float[] values) {
        ByteBuffer out =
                ByteBuffer.allocate(values.length / BLOCK * (BLOCK + 2)).order(ByteOrder.LITTLE_ENDIAN);
        for (int from = 0; from < values.length; from += BLOCK) {
            float largest = 0;
            for (int i = from; i < from + BLOCK; i++) {
                largest = Math.max(largest, Math.abs(values[i]));
            }
            float scale = largest / 127;
            out.putShort(FloatCodec.floatToF16(scale));
            for (int i = from; i < from + BLOCK; i++) {
                out.put((byte) Math.round(scale == 0 ? 0f : values[i] / scale));
            }
        }
        return out.array();
    }

    @Test
    void blocksBecomeF16OrTheCodesOfTheirF16Values() throws IOException {
        Path gguf = gguf();
        Path dense = folder.resolve("f16.safetensors");
        Tiny.convert(gguf, dense, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.AS_STORED);
        assertThat(Tiny.content(dense)).isEqualTo(Tiny.content(gguf));
        assertThat(Tiny.content(dense).get("blocks.0.ffn.2.weight")).startsWith("F16 [128,256]");
        for (TargetFormat format : List.of(TargetFormat.INT8, TargetFormat.FP8, TargetFormat.BF16)) {
            Path direct = folder.resolve(format + ".safetensors");
            Path detour = folder.resolve(format + "-by-f16.safetensors");
            Tiny.convert(gguf, direct, Tiny.single(TargetLayout.OFFICIAL), format);
            Tiny.convert(dense, detour, Tiny.single(TargetLayout.OFFICIAL), format);
            assertThat(Tiny.content(direct)).isEqualTo(Tiny.content(detour));
        }
        try (ModelPart part = ModelPart.open(folder.resolve("INT8.safetensors"))) {
            assertThat(part.quantisation()).isEqualTo(Quantisation.INT8_ROWS);
        }
    }

    /** Each block lost at most half a step of 1/127, the rows at most as much again. */
    @Test
    void int8FromBlocksIsCloseToInt8FromTheOriginal() throws IOException {
        Path target = folder.resolve("int8.safetensors");
        ConversionReport report = Tiny.convert(gguf(), target, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.INT8);
        assertThat(report.worst().get(0).relativeError()).isLessThan(0.02);
        assertThat(report.errors().stream().filter(error -> error.format().equals("INT8_ROWS")))
                .hasSize(24);
    }
}
