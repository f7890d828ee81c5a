package io.wan4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

class MappedFileTest {
    private static final int SIZE = 200_000;

    @TempDir
    Path folder;

    @Test
    @EnabledForJreRange(max = JRE.JAVA_21)
    void bufferOutlivesItsFileWhereNothingCanBeUnmappedSafely() throws IOException {
        assertThat(bufferOfAClosedFile().get(SIZE - 1)).isEqualTo((byte) 7);
    }

    @Test
    @EnabledForJreRange(minVersion = 22)
    void readingABufferOfAClosedFileThrows() throws IOException {
        ByteBuffer buffer = bufferOfAClosedFile();
        assertThatThrownBy(() -> buffer.get(SIZE - 1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void partsAreReadOnlyAndChecked() throws IOException {
        try (MappedFile file = MappedFile.open(write())) {
            TensorBytes part = file.region(100, SIZE - 100);
            assertThat(part.map(SIZE - 101, 1).get()).isEqualTo((byte) 7);
            assertThat(part.map(0, SIZE - 100).isReadOnly()).isTrue();
            assertThat(part.map(0, 10).isReadOnly()).isTrue();
            assertThat(part.map(0, 0).hasRemaining()).isFalse();
            for (long[] range : new long[][] {{-1, 1}, {0, -1}, {0, SIZE}, {SIZE - 100, 1}, {Long.MAX_VALUE, 1}}) {
                assertThatThrownBy(() -> part.map(range[0], range[1])).isInstanceOf(IllegalArgumentException.class);
            }
            assertThatThrownBy(() -> file.region(1, SIZE)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> file.map(SIZE, 1)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void concatenatedTensorsReadAcrossTheirSeams() throws IOException {
        try (MappedFile file = MappedFile.open(write())) {
            List<CheckpointTensor> parts =
                    List.of(tensor(file, 0, 3), tensor(file, SIZE - 1, 1), tensor(file, 10, 0), tensor(file, 20, 4));
            ConcatenatedBytes all = new ConcatenatedBytes(parts);
            byte[] whole = new byte[8];
            all.map(0, 8).get(whole);
            assertThat(whole).containsExactly(0, 1, 2, 7, 20, 21, 22, 23);
            for (int from = 0; from <= 8; from++) {
                for (int to = from; to <= 8; to++) {
                    byte[] window = new byte[to - from];
                    all.map(from, to - from).get(window);
                    assertThat(window).isEqualTo(java.util.Arrays.copyOfRange(whole, from, to));
                }
            }
            assertThatThrownBy(() -> all.map(8, 1)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static CheckpointTensor tensor(MappedFile file, long offset, long length) {
        return new CheckpointTensor(
                "x", io.wan4j.tensor.Shape.of(length), io.wan4j.tensor.Format.U8, file.region(offset, length));
    }

    private ByteBuffer bufferOfAClosedFile() throws IOException {
        try (MappedFile file = MappedFile.open(write())) {
            return file.region(0, SIZE).map(0, SIZE);
        }
    }

    private Path write() throws IOException {
        byte[] bytes = new byte[SIZE];
        for (int i = 0; i < SIZE; i++) {
            bytes[i] = (byte) i;
        }
        bytes[SIZE - 1] = 7;
        return Files.write(folder.resolve("x"), bytes);
    }
}
