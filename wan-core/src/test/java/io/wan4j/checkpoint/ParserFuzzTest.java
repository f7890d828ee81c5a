package io.wan4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.wan4j.checkpoint.gguf.GgufBuilder;
import io.wan4j.checkpoint.layout.CheckpointFiles;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.error.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Any bytes, given as a checkpoint, are read or refused by a {@link CheckpointException}. In a default run the fuzz
 * targets replay their seeds; with {@code JAZZER_FUZZ=1} they search.
 */
class ParserFuzzTest {
    private static final int MUTATIONS = 250;

    @FuzzTest(maxDuration = "30s")
    void anyBytesAreReadOrRefused(byte[] bytes) throws IOException {
        check(bytes);
    }

    @FuzzTest(maxDuration = "30s")
    void anyPickleIsReadOrRefused(byte[] pickle) throws IOException {
        check(zipOf(pickle));
    }

    @FuzzTest(maxDuration = "30s")
    void anyHeaderIsReadOrRefused(byte[] header) throws IOException {
        java.nio.ByteBuffer file =
                java.nio.ByteBuffer.allocate(8 + header.length + 64).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        check(file.putLong(header.length).put(header).array());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "quant/e4m3_decode.safetensors",
                "quant/linear_5.safetensors",
                "pipeline/Wan2.1-I2V-tiny/models_t5_umt5-xxl-enc-bf16.pth",
                "pipeline/Wan2.1-I2V-tiny/diffusion_pytorch_model.safetensors.index.json"
            })
    void damagedFilesAreReadOrRefused(String golden) throws IOException {
        byte[] whole = Files.readAllBytes(Goldens.path(golden));
        assertMutationsReadOrRefused(golden, whole);
    }

    @Test
    void damagedGgufIsReadOrRefused() throws IOException {
        byte[] sound = new GgufBuilder()
                .text("general.architecture", "wan")
                .originalShape("patch_embedding.weight", 2, 3, 1, 2, 1)
                .tensor("patch_embedding.weight", 0, new byte[48], 2, 1, 3, 2)
                .tensor("blocks.0.self_attn.q.weight", 8, new byte[170], 32, 5)
                .tensor("head.head.weight", 30, new byte[20], 5, 2)
                .build();
        assertMutationsReadOrRefused("a GGUF file", sound);
    }

    private static void assertMutationsReadOrRefused(String golden, byte[] sound) {
        for (int seed = 0; seed < MUTATIONS; seed++) {
            try {
                check(mutate(sound, new Random(seed)));
            } catch (IOException | RuntimeException | Error e) {
                fail("seed " + seed + " of " + golden, e);
            }
        }
    }

    /** A few bytes changed, cut, repeated or overwritten with extreme numbers, most of them where headers are. */
    private static byte[] mutate(byte[] sound, Random random) {
        byte[] bytes = sound.clone();
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes && bytes.length > 8; i++) {
            int span = random.nextInt(3) > 0 ? Math.min(bytes.length, 3000) : bytes.length;
            int at = random.nextBoolean() ? random.nextInt(span) : bytes.length - 1 - random.nextInt(span);
            switch (random.nextInt(5)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt();
                case 2 -> Arrays.fill(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(8)), (byte) 0xFF);
                case 3 -> bytes = Arrays.copyOf(bytes, at);
                default -> {
                    int length = Math.min(16, bytes.length - at);
                    System.arraycopy(bytes, random.nextInt(bytes.length - length), bytes, at, length);
                }
            }
        }
        return bytes;
    }

    private static byte[] zipOf(byte[] pickle) throws IOException {
        java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
        try (java.util.zip.ZipOutputStream zip = new java.util.zip.ZipOutputStream(bytes)) {
            for (String name : new String[] {"m/data.pkl", "m/data/0"}) {
                byte[] content = name.endsWith("pkl") ? pickle : new byte[64];
                java.util.zip.ZipEntry entry = new java.util.zip.ZipEntry(name);
                java.util.zip.CRC32 crc = new java.util.zip.CRC32();
                crc.update(content);
                entry.setMethod(java.util.zip.ZipEntry.STORED);
                entry.setCrc(crc.getValue());
                entry.setSize(content.length);
                zip.putNextEntry(entry);
                zip.write(content);
                zip.closeEntry();
            }
        }
        return bytes.toByteArray();
    }

    private static void check(byte[] bytes) throws IOException {
        Path path = Files.createTempFile("wan", ".checkpoint");
        try {
            Files.write(path, bytes);
            try (TensorFiles files = CheckpointFiles.open(path)) {
                for (String name : files.names()) {
                    CheckpointTensor tensor = files.tensor(name);
                    assertThat(tensor.bytes())
                            .isEqualTo(tensor.shape().count() * tensor.format().bytes());
                    if (tensor.bytes() < 1 << 20) {
                        tensor.map();
                    }
                }
            } catch (CheckpointException refused) {
                assertThat(refused).hasMessageContaining("expected");
            }
            try (ModelPart part = ModelPart.open(path)) {
                part.weights().quantisation();
                part.transformer().ifPresent(kind -> assertThat(kind.describe()).isNotEmpty());
            } catch (CheckpointException refused) {
                assertThat(refused).hasMessageContaining("expected");
            }
        } finally {
            Files.delete(path);
        }
    }
}
