package io.wan4j.checkpoint.gguf;

import static io.wan4j.checkpoint.gguf.GgufBuilder.int32;
import static io.wan4j.checkpoint.gguf.GgufBuilder.int64;
import static io.wan4j.checkpoint.gguf.GgufBuilder.join;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(10)
class GgufFileTest {
    private static final int BLOCKS = 5;

    @TempDir
    Path folder;

    /** Expected values: {@code gguf.quants.dequantize} of gguf-py 0.19.0 on the same five blocks, CRC-32 of its F32. */
    @ParameterizedTest
    @CsvSource({
        "Q4_0, 0, -1, 451d6d20, -0.03000640869140625, -0.199951171875",
        "Q4_1, 0, 2, bad24b2f, 0.16303253173828125, 0.752838134765625",
        "Q5_0, 0, -1, 0d24b3a0, 0.13002777099609375, 0.2999267578125",
        "Q5_1, 0, 2, c3d63552, 0.2730560302734375, 1.002777099609375",
        "Q8_0, 0, -1, 0624680e, 1.0102157592773438, 6.2984619140625",
        "Q2_K, 80, 82, aca9c6ec, -0.048980712890625, 1.134613037109375",
        "Q3_K, 108, -1, 2f2ee5d8, 0.8001708984375, -0.2999267578125",
        "Q4_K, 0, 2, 982bacc4, 2.4525833129882812, -2.809478759765625",
        "Q5_K, 0, 2, 5c78c3be, 6.173377990722656, 5.10205078125",
        "Q6_K, 208, -1, c114008d, -30.2464599609375, 75.8814697265625"
    })
    void blocksDecodeAsInTheReference(GgufType type, int scaleAt, int minimumAt, String crc, float first, float last) {
        byte[] blocks = blocks(type, scaleAt, minimumAt);
        ByteBuffer in = ByteBuffer.wrap(blocks).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[BLOCKS * type.blockElements()];
        for (int block = 0; block < BLOCKS; block++) {
            BlockDecoder.decode(type, in, block * type.blockBytes(), values, block * type.blockElements());
        }
        assertThat(values[0]).isEqualTo(first);
        assertThat(values[values.length - 1]).isEqualTo(last);
        ByteBuffer floats = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        floats.asFloatBuffer().put(values);
        CRC32 checksum = new CRC32();
        checksum.update(floats);
        assertThat(String.format("%08x", checksum.getValue())).isEqualTo(crc);
    }

    @Test
    void blocksAppearAsHalvesInAnyWindow() throws IOException {
        byte[] blocks = blocks(GgufType.Q8_0, 0, -1);
        Path path = write(new GgufBuilder().tensor("w", 8, blocks, 32, 5).build());
        try (GgufFile file = GgufFile.open(path)) {
            CheckpointTensor tensor = file.tensor("w");
            assertThat(tensor.shape()).isEqualTo(Shape.of(5, 32));
            assertThat(tensor.format()).isEqualTo(Format.F16);
            ByteBuffer whole = tensor.map();
            for (int element = 0; element < 160; element++) {
                float scale = FloatCodec.f16ToFloat(
                        (short) (blocks[element / 32 * 34] & 0xFF | blocks[element / 32 * 34 + 1] << 8));
                float value = scale * blocks[element / 32 * 34 + 2 + element % 32];
                assertThat(whole.getShort(2 * element)).isEqualTo(FloatCodec.floatToF16(value));
            }
            for (int from : new int[] {0, 1, 63, 64, 65, 200}) {
                for (int length : new int[] {0, 1, 2, 64, 100, 119}) {
                    assertThat(tensor.read(from, length)).isEqualTo(whole.slice(from, length));
                }
            }
            assertThatThrownBy(() -> tensor.read(300, 21)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void plainTensorsShapesAndTextsComeBack() throws IOException {
        byte[] file = new GgufBuilder()
                .text("general.architecture", "wan")
                .pair("general.alignment", 4, int32(32))
                .pair("flag", 7, new byte[] {1})
                .pair("tokens", 9, join(int32(8), int64(2), GgufBuilder.string("a"), GgufBuilder.string("b")))
                .pair("scores", 9, join(int32(6), int64(3), new byte[12]))
                .originalShape("patch_embedding.weight", 2, 3, 1, 2, 1)
                .tensor("patch_embedding.weight", 0, new byte[48], 2, 1, 3, 2)
                .tensor("b", 30, new byte[] {(byte) 0x80, 0x3F}, 1)
                .build();
        try (GgufFile gguf = GgufFile.open(write(file))) {
            assertThat(gguf.metadata())
                    .containsEntry("general.architecture", "wan")
                    .containsEntry("flag", "true")
                    .containsEntry(GgufFile.TYPES, "1 F32, 1 BF16")
                    .doesNotContainKey("tokens");
            assertThat(gguf.tensor("patch_embedding.weight").shape()).isEqualTo(Shape.of(2, 3, 1, 2, 1));
            assertThat(gguf.tensor("b").toFloats()).containsExactly(1f);
        }
    }

    static Stream<Arguments> hostileFiles() {
        byte[] magic = {'G', 'G', 'U', 'F'};
        return Stream.of(
                Arguments.of("version 1", join(magic, int32(1), new byte[16]), "GGUF version 2 or 3"),
                Arguments.of("big endian", join(magic, new byte[] {0, 0, 0, 3}, new byte[16]), "GGUF version"),
                Arguments.of("many pairs", join(magic, int32(3), int64(0), int64(Long.MAX_VALUE)), "more bytes"),
                Arguments.of("negative count", join(magic, int32(3), int64(-1), int64(0)), "more bytes"),
                Arguments.of("many tensors", join(magic, int32(3), int64(1 << 30), int64(0)), "more bytes"),
                Arguments.of(
                        "long key",
                        join(magic, int32(3), int64(0), int64(1), int64(1L << 40), new byte[9]),
                        "more bytes"),
                Arguments.of(
                        "unknown value type",
                        new GgufBuilder().pair("k", 13, new byte[9]).build(),
                        "a known value type"),
                Arguments.of(
                        "array of arrays",
                        new GgufBuilder()
                                .pair("k", 9, join(int32(9), int64(1), new byte[30]))
                                .build(),
                        "a known value type"),
                Arguments.of(
                        "huge array",
                        new GgufBuilder()
                                .pair("k", 9, join(int32(10), int64(200), new byte[300]))
                                .build(),
                        "more bytes"),
                Arguments.of(
                        "rank 17",
                        new GgufBuilder().info("w", 0, 0, new long[17]).build(),
                        "at most 16 extents"),
                Arguments.of(
                        "unknown type", new GgufBuilder().info("w", 99, 0, 4).build(), "got ggml type 99"),
                Arguments.of(
                        "removed type", new GgufBuilder().info("w", 4, 0, 4).build(), "got ggml type 4"),
                Arguments.of(
                        "twice",
                        new GgufBuilder()
                                .tensor("w", 24, new byte[1], 1)
                                .tensor("w", 24, new byte[1], 1)
                                .build(),
                        "w: expected each tensor once"),
                Arguments.of(
                        "beyond the file", new GgufBuilder().info("w", 0, 0, 4).build(), "w: expected 16 bytes within"),
                Arguments.of(
                        "far offset",
                        new GgufBuilder()
                                .tensor("w", 0, new byte[16], 4)
                                .info("v", 0, Long.MAX_VALUE, 4)
                                .build(),
                        "v: expected 16 bytes within"),
                Arguments.of(
                        "negative offset",
                        new GgufBuilder().info("w", 0, -32, 4).build(),
                        "w: expected 16 bytes within"),
                Arguments.of(
                        "overflowing shape",
                        new GgufBuilder().info("w", 0, 0, 1L << 40, 1L << 40).build(),
                        "w: expected a shape"),
                Arguments.of(
                        "overflowing bytes",
                        new GgufBuilder().info("w", 0, 0, 1L << 62).build(),
                        "w: expected a shape"),
                Arguments.of(
                        "negative extent", new GgufBuilder().info("w", 0, 0, -4).build(), "w: expected a shape"),
                Arguments.of(
                        "half a block",
                        new GgufBuilder().tensor("w", 8, new byte[34], 16, 2).build(),
                        "rows of whole Q8_0 blocks"),
                Arguments.of(
                        "another original shape",
                        new GgufBuilder()
                                .originalShape("w", 5)
                                .tensor("w", 0, new byte[16], 4)
                                .build(),
                        "w: expected rows of whole"),
                Arguments.of(
                        "odd alignment",
                        new GgufBuilder().pair("general.alignment", 4, int32(3)).build(),
                        "a power of two"),
                Arguments.of(
                        "zero alignment",
                        new GgufBuilder().pair("general.alignment", 4, int32(0)).build(),
                        "a power of two"),
                Arguments.of(
                        "text as alignment",
                        new GgufBuilder().text("general.alignment", "x").build(),
                        "a power of two"),
                Arguments.of("nothing", new byte[0], "expected a GGUF file"),
                Arguments.of("another file", new byte[100], "expected a GGUF file"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("hostileFiles")
    void hostileFileIsRefused(String what, byte[] bytes, String message) throws IOException {
        Path path = write(bytes);
        assertThatThrownBy(() -> GgufFile.open(path))
                .as(what)
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(path.toString())
                .hasMessageContaining(message);
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        byte[] whole = new GgufBuilder()
                .text("general.architecture", "wan")
                .tensor("w", 8, blocks(GgufType.Q8_0, 0, -1), 32, 5)
                .build();
        int sound = whole.length - (32 - 170 % 32) % 32;
        for (int length = 0; length < sound; length++) {
            Path path = write(Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> GgufFile.open(path)).isInstanceOf(CheckpointException.class);
        }
    }

    /** Random codes, with scales that are ordinary numbers. */
    private static byte[] blocks(GgufType type, int scaleAt, int minimumAt) {
        byte[] bytes = new byte[BLOCKS * type.blockBytes()];
        int state = 12345;
        for (int i = 0; i < bytes.length; i++) {
            state = state * 1103515245 + 12345 & 0x7FFFFFFF;
            bytes[i] = (byte) (state >>> 16);
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int block = 0; block < BLOCKS; block++) {
            int at = block * type.blockBytes();
            buffer.putShort(at + scaleAt, FloatCodec.floatToF16((float) ((block + 1) * 0.01)));
            if (minimumAt >= 0) {
                buffer.putShort(at + minimumAt, FloatCodec.floatToF16((float) ((block + 1) * 0.01 + 0.003)));
            }
        }
        return bytes;
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("x.gguf"), bytes);
    }
}
