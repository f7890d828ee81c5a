package io.wan4j.checkpoint.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.util.passthrough.PassthroughNDManager;
import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
    private static final TensorSpec ODD = new TensorSpec("odd", Format.U8, Shape.of(3));
    private static final TensorSpec WIDE = new TensorSpec("wide", Format.F32, Shape.of(2, 2));

    @TempDir
    Path folder;

    @Test
    void everyGoldenFileComesBackBitForBit() throws IOException {
        for (Path path : Goldens.allSafetensors()) {
            Path copy = folder.resolve("copy.safetensors");
            try (SafetensorsFile original = SafetensorsFile.open(path)) {
                List<TensorSpec> specs = original.names().stream()
                        .map(name -> TensorSpec.of(original.tensor(name)))
                        .toList();
                try (SafetensorsWriter writer = SafetensorsWriter.create(copy, specs, original.metadata())) {
                    original.names().forEach(name -> writer.write(original.tensor(name)));
                    writer.finish();
                }
                assertSameTensors(original, copy);
            }
        }
    }

    @Test
    void tensorsAreAlignedToTheirElements() throws IOException {
        Path path = folder.resolve("a.safetensors");
        try (SafetensorsWriter writer =
                SafetensorsWriter.create(path, List.of(ODD, WIDE), Map.of("note", "with \"quotes\" and \u00fc"))) {
            writer.write("odd", ByteBuffer.wrap(new byte[] {1, 2}));
            writer.write("wide", new float[] {1, 2, 3, 4});
            writer.write("odd", ByteBuffer.wrap(new byte[] {3}));
            writer.finish();
        }
        byte[] bytes = Files.readAllBytes(path);
        assertThat(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong() % 8)
                .isZero();
        assertThat((bytes.length - 3 - 16) % 8).isZero();
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.tensor("wide").toFloats()).containsExactly(1, 2, 3, 4);
            assertThat(file.tensor("odd").toLongs()).containsExactly(1, 2, 3);
            assertThat(file.metadata()).containsEntry("note", "with \"quotes\" and \u00fc");
        }
    }

    @Test
    void floatsBeyondOnePieceAreEncodedWhole() {
        Path path = folder.resolve("a.safetensors");
        float[] values = new float[700_001];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 256;
        }
        TensorSpec spec = new TensorSpec("x", Format.BF16, Shape.of(values.length));
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, List.of(spec), Map.of())) {
            writer.write("x", values);
            writer.finish();
        }
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.tensor("x").toFloats()).isEqualTo(values);
        }
    }

    @Test
    void unfinishedFileLeavesNothingBehind() throws IOException {
        Path path = folder.resolve("a.safetensors");
        Files.writeString(path, "older");
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, List.of(ODD, WIDE), Map.of())) {
            writer.write("wide", new float[4]);
            assertThatThrownBy(writer::finish)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("odd: expected 3 bytes, got 0");
        }
        assertThat(Files.readString(path)).isEqualTo("older");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(path);
        }
    }

    @Test
    void wrongCallsAreRefusedByName() {
        Path path = folder.resolve("a.safetensors");
        assertThatThrownBy(() -> SafetensorsWriter.create(path, List.of(ODD, ODD), Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("odd");
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, List.of(ODD), Map.of())) {
            assertThatThrownBy(() -> writer.write("even", ByteBuffer.allocate(1)))
                    .hasMessageContaining("even");
            assertThatThrownBy(() -> writer.write("odd", ByteBuffer.allocate(4)))
                    .hasMessageContaining("at most 3");
        }
    }

    @Test
    void peerLibraryReadsWhatWeWrite() throws IOException {
        Path path = folder.resolve("a.safetensors");
        Map<String, Format> formats =
                Map.of("f32", Format.F32, "bf16", Format.BF16, "f16", Format.F16, "i8", Format.I8);
        List<TensorSpec> specs = formats.entrySet().stream()
                .map(e -> new TensorSpec(e.getKey(), e.getValue(), Shape.of(3, 5)))
                .toList();
        Random random = new Random(3);
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, specs, Map.of())) {
            for (TensorSpec spec : specs) {
                byte[] bytes = new byte[(int) spec.byteLength()];
                random.nextBytes(bytes);
                writer.write(spec.name(), ByteBuffer.wrap(bytes));
            }
            writer.finish();
        }
        try (SafetensorsFile file = SafetensorsFile.open(path);
                NDManager manager = PassthroughNDManager.INSTANCE.newSubManager();
                InputStream in = Files.newInputStream(path)) {
            NDList list = NDList.decode(manager, in);
            assertThat(list).hasSize(4);
            for (NDArray array : list) {
                CheckpointTensor ours = file.tensor(array.getName());
                assertThat(array.getShape().getShape()).isEqualTo(new long[] {3, 5});
                assertThat(array.toByteBuffer(false).order(ByteOrder.LITTLE_ENDIAN))
                        .isEqualTo(ours.map());
            }
        }
    }

    @Test
    void weReadWhatThePeerLibraryWrites() throws IOException {
        Path path = folder.resolve("a.safetensors");
        Map<DataType, Format> formats = Map.of(
                DataType.FLOAT32,
                Format.F32,
                DataType.BFLOAT16,
                Format.BF16,
                DataType.FLOAT16,
                Format.F16,
                DataType.INT8,
                Format.I8);
        try (NDManager manager = PassthroughNDManager.INSTANCE.newSubManager()) {
            NDList list = new NDList();
            for (DataType type : formats.keySet()) {
                ByteBuffer bytes = manager.allocateDirect(6 * type.getNumOfBytes());
                for (int i = 0; i < bytes.capacity(); i++) {
                    bytes.put(i, (byte) (37 * i + 5));
                }
                NDArray array = manager.create(bytes, new ai.djl.ndarray.types.Shape(2, 3), type);
                array.setName(type.name());
                list.add(array);
            }
            Files.write(path, list.encode(NDList.Encoding.SAFETENSORS));
        }
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.names()).hasSize(4);
            for (Map.Entry<DataType, Format> entry : formats.entrySet()) {
                CheckpointTensor tensor = file.tensor(entry.getKey().name());
                assertThat(tensor.format()).isEqualTo(entry.getValue());
                assertThat(tensor.shape()).isEqualTo(Shape.of(2, 3));
                for (int i = 0; i < tensor.bytes(); i++) {
                    assertThat(tensor.map().get(i)).isEqualTo((byte) (37 * i + 5));
                }
            }
        }
    }

    private static void assertSameTensors(SafetensorsFile original, Path copy) {
        try (SafetensorsFile file = SafetensorsFile.open(copy)) {
            assertThat(file.names()).containsExactlyInAnyOrderElementsOf(original.names());
            assertThat(file.metadata()).isEqualTo(original.metadata());
            for (String name : original.names()) {
                assertThat(TensorSpec.of(file.tensor(name))).isEqualTo(TensorSpec.of(original.tensor(name)));
                assertThat(file.tensor(name).map())
                        .isEqualTo(original.tensor(name).map());
            }
        }
    }
}
