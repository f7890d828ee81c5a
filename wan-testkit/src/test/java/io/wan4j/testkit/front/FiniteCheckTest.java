package io.wan4j.testkit.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.wan4j.WanPipeline;
import io.wan4j.WanPipelineBuilder;
import io.wan4j.error.DeviceException;
import io.wan4j.spi.Device;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FiniteCheckTest {
    @TempDir
    private Path folder = Path.of("");

    private Path model = Path.of("");

    @BeforeEach
    void makeModel() {
        model = TinyPipeline.model(folder);
    }

    /** Overwrites the first value of an F32 tensor. */
    private void damage(String tensor, float value) throws IOException {
        Path file = model.resolve("diffusion_pytorch_model.safetensors");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            channel.read(length, 0);
            ByteBuffer header = ByteBuffer.allocate(Math.toIntExact(length.getLong(0)));
            channel.read(header, 8);
            JsonNode entry = new ObjectMapper().readTree(header.array()).path(tensor);
            long at = 8 + header.capacity() + entry.path("data_offsets").path(0).asLong();
            ByteBuffer bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
            channel.write(bytes.putFloat(0, value), at);
        }
    }

    private WanPipeline open(boolean check) {
        WanPipelineBuilder builder = WanPipeline.builder().model(model).device(Device.named("reference"));
        return builder.checkFinite(check).build();
    }

    @Test
    void firstLayerThatIsNotFiniteIsNamed() throws IOException {
        damage("blocks.1.ffn.0.bias", Float.NaN);
        damage("head.head.bias", Float.POSITIVE_INFINITY);
        try (WanPipeline pipeline = open(true)) {
            assertThatThrownBy(() -> pipeline.generate(TinyPipeline.request()))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageStartingWith("blocks.1.ffn.0: expected finite values");
        }
    }

    @Test
    void withoutTheCheckOnlyTheResultIsLookedAt() throws IOException {
        damage("blocks.1.ffn.0.bias", Float.NaN);
        try (WanPipeline pipeline = open(false)) {
            assertThatThrownBy(() -> pipeline.generate(TinyPipeline.request()))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageStartingWith("denoising: expected finite latents");
        }
    }

    @Test
    void checkChangesNothingInASoundModel() {
        try (WanPipeline checked = open(true);
                WanPipeline plain = open(false)) {
            assertThat(TinyPipeline.bytes(
                            checked.generate(TinyPipeline.request()).frames()))
                    .containsExactlyElementsOf(TinyPipeline.bytes(
                            plain.generate(TinyPipeline.request()).frames()));
        }
    }
}
