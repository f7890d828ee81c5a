package io.wan4j.checkpoint.safetensors;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.Goldens;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(10)
class SafetensorsFileTest {
    @TempDir
    Path folder;

    @Test
    void everyGoldenFileIsReadable() throws IOException {
        assertThat(Goldens.allSafetensors()).hasSizeGreaterThan(70);
        for (Path path : Goldens.allSafetensors()) {
            try (SafetensorsFile file = SafetensorsFile.open(path)) {
                for (String name : file.names()) {
                    CheckpointTensor tensor = file.tensor(name);
                    int count = tensor.format().isFloat() ? tensor.toFloats().length : tensor.toLongs().length;
                    assertThat((long) count).isEqualTo(tensor.shape().count());
                }
            }
        }
    }

    @Test
    void valuesShapesAndMetadataComeBack() throws IOException {
        Path path = write(
                "{\"__metadata__\":{\"format\":\"pt\"},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
                        + "\"b\":{\"dtype\":\"I16\",\"shape\":[],\"data_offsets\":[8,10]},"
                        + "\"e\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[10,10]}}  ",
                new byte[] {0, 0, (byte) 0x80, 0x3F, 0, 0, 0, (byte) 0xC0, (byte) 0xFE, (byte) 0xFF});
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.names()).containsExactlyInAnyOrder("a", "b", "e");
            assertThat(file.metadata()).containsEntry("format", "pt");
            assertThat(file.tensor("a").toFloats()).containsExactly(1f, -2f);
            assertThat(file.tensor("a").shape()).isEqualTo(Shape.of(2, 1));
            assertThat(file.tensor("b").toLongs()).containsExactly(-2L);
            assertThat(file.tensor("b").format()).isEqualTo(Format.I16);
            assertThat(file.tensor("e").toFloats()).isEmpty();
            assertThat(file.tensor("a").rows("a.1", 1, 2).toFloats()).containsExactly(-2f);
            assertThat(file.tensor("a").read(4, 4).getFloat(0)).isEqualTo(-2f);
            assertThatThrownBy(() -> file.tensor("c"))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("c: expected in");
        }
    }

    @Test
    void readingAfterCloseThrows() throws IOException {
        Path path = write("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", new byte[2]);
        SafetensorsFile file = SafetensorsFile.open(path);
        CheckpointTensor tensor = file.tensor("a");
        assertThat(tensor.toLongs()).containsExactly(0L, 0L);
        file.close();
        file.close();
        assertThatThrownBy(tensor::map).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(tensor::toLongs).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> tensor.read(0, 1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void tensorsBeyondFourGigabytesAreReadByWindow() throws IOException {
        long rows = 5L << 20;
        long bytes = rows * 1024;
        String header = "{\"big\":{\"dtype\":\"U8\",\"shape\":[" + rows + ",1024],\"data_offsets\":[0," + bytes + "]}}";
        Path path = write(header, new byte[0]);
        try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
            long start = sparse.length();
            sparse.setLength(start + bytes);
            sparse.seek(start + bytes - 1);
            sparse.write(42);
        }
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            CheckpointTensor big = file.tensor("big");
            assertThat(big.bytes()).isEqualTo(bytes);
            assertThat(big.read(bytes - 4, 4).get(3)).isEqualTo((byte) 42);
            assertThat(big.rows("last", rows - 1, rows).map().get(1023)).isEqualTo((byte) 42);
            assertThatThrownBy(big::map).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(big::toLongs).isInstanceOf(IllegalArgumentException.class);
        }
    }

    static Stream<Arguments> hostileHeaders() {
        String good = "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}";
        return Stream.of(
                Arguments.of("no object", "[]", "begins with '{'"),
                Arguments.of("cut JSON", "{" + good, "header"),
                Arguments.of("twice the same name", "{" + good + "," + good + "}", "Duplicate field 'a'"),
                Arguments.of(
                        "key twice inside", "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"I8\"}}", "Duplicate field 'dtype'"),
                Arguments.of(
                        "metadata twice", "{\"__metadata__\":{},\"__metadata__\":{}," + good + "}", "Duplicate field"),
                Arguments.of("metadata of numbers", "{\"__metadata__\":{\"a\":1}," + good + "}", "__metadata__.a"),
                Arguments.of("deep nesting", "{\"a\":" + "[".repeat(100_000), "expected START_OBJECT"),
                Arguments.of("deep unknown key", "{\"a\":{\"x\":" + "[".repeat(100_000), "nesting depth"),
                Arguments.of("unknown dtype", entry("F4", "[4]", 0, 4), "a: expected a dtype"),
                Arguments.of("size not shape times dtype", entry("F32", "[4]", 0, 4), "a: expected 16 bytes"),
                Arguments.of("negative extent", entry("U8", "[-4]", 0, 4), "a: expected a shape"),
                Arguments.of(
                        "overflowing shape", entry("U8", "[4294967296,4294967296,4]", 0, 4), "a: expected a shape"),
                Arguments.of("overflowing bytes", entry("F64", "[2305843009213693952]", 0, 0), "a: expected a shape"),
                Arguments.of("huge number", entry("U8", "[99999999999999999999]", 0, 4), "header"),
                Arguments.of("very long number", entry("U8", "[" + "9".repeat(1000) + "]", 0, 4), "header"),
                Arguments.of("fraction", entry("U8", "[4.0]", 0, 4), "a.shape"),
                Arguments.of("many extents", entry("U8", "[" + "1,".repeat(99) + "4]", 0, 4), "at most 16"),
                Arguments.of("reversed range", entry("U8", "[4]", 4, 0), "a: expected 4 bytes"),
                Arguments.of("out of range", entry("U8", "[4]", 4, 8), "a: expected data from byte 0"),
                Arguments.of("negative offset", entry("U8", "[4]", -4, 0), "a: expected 4 bytes"),
                Arguments.of(
                        "more than the file", entry("U8", "[9999999999]", 0, 9999999999L), "is the download complete?"),
                Arguments.of("less than the file", entry("U8", "[2]", 0, 2), "expected 2 bytes of tensors, got 4"),
                Arguments.of(
                        "overlap",
                        "{" + good + ",\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}",
                        "b: expected data from byte 4"),
                Arguments.of(
                        "gap",
                        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}",
                        "b: expected data from byte 1"),
                Arguments.of(
                        "missing shape",
                        "{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,4]}}",
                        "a: expected dtype, shape"),
                Arguments.of(
                        "three offsets",
                        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4,4]}}",
                        "a: expected dtype"),
                Arguments.of("text after it", "{" + good + "}{}", "nothing after"),
                Arguments.of("long name", "{\"" + "n".repeat(10_000) + "\":{}}", "Name"),
                Arguments.of("no tensors but data", "{}", "expected 0 bytes of tensors, got 4"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("hostileHeaders")
    void hostileHeaderIsRefusedByName(String what, String header, String message) throws IOException {
        Path path = write(header, new byte[4]);
        assertThatThrownBy(() -> SafetensorsFile.open(path))
                .as(what)
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(path.toString())
                .hasMessageContaining(message);
    }

    @Test
    void millionsOfTensorsAreRefused() throws IOException {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < 300_000; i++) {
            header.append(i == 0 ? "\"" : ",\"").append(i);
            header.append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
        }
        Path path = write(header.append('}').toString(), new byte[0]);
        assertThatThrownBy(() -> SafetensorsFile.open(path))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("expected at most 200000 tensors");
    }

    @Test
    void headerThatIsNotUtf8IsRefused() throws IOException {
        Path path = folder.resolve("x.safetensors");
        byte[] header = {'{', '"', (byte) 0xFF, '"', ':', '{', '}', '}'};
        Files.write(path, bytes(header, new byte[0]));
        assertThatThrownBy(() -> SafetensorsFile.open(path)).isInstanceOf(CheckpointException.class);
    }

    @Test
    void claimedHeaderLengthIsNeverAllocated() throws IOException {
        Path path = folder.resolve("x.safetensors");
        for (long claim : new long[] {-1, 0, 1, 9, 99_999_999, 100_000_001, Long.MAX_VALUE, Long.MIN_VALUE}) {
            Files.write(
                    path,
                    ByteBuffer.allocate(16)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(claim)
                            .put((byte) '{')
                            .array());
            assertThatThrownBy(() -> SafetensorsFile.open(path))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("expected a header of");
        }
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(Goldens.path("quant/e4m3_decode.safetensors"));
        Path path = folder.resolve("cut.safetensors");
        for (int length = 0; length < whole.length; length += length < 400 ? 1 : 37) {
            Files.write(path, java.util.Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> SafetensorsFile.open(path)).isInstanceOf(CheckpointException.class);
        }
    }

    @Test
    void folderAndMissingFileAreNamed() {
        assertThatThrownBy(() -> SafetensorsFile.open(folder)).hasMessageContaining("got a folder");
        assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("no"))).hasMessageContaining("nothing there");
    }

    private static String entry(String dtype, String shape, long begin, long end) {
        return "{\"a\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" + begin + "," + end
                + "]}}";
    }

    private Path write(String header, byte[] data) throws IOException {
        Path path = folder.resolve("x.safetensors");
        Files.write(path, bytes(header.getBytes(UTF_8), data));
        return path;
    }

    private static byte[] bytes(byte[] header, byte[] data) {
        return ByteBuffer.allocate(8 + header.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .put(data)
                .array();
    }
}
