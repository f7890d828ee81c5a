package io.wan4j.model.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.dry.DryDevice;
import io.wan4j.error.CheckpointException;
import io.wan4j.spi.ActivationFormats;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class VaeLoadingTest {
    private final DryDevice device = new DryDevice(ActivationFormats.F32);

    private static Set<String> withPrefix(ShapeSource source, List<String> prefixes) {
        Set<String> names = new TreeSet<>(source.names());
        names.removeIf(name -> prefixes.stream().noneMatch(name::startsWith));
        return names;
    }

    @Test
    void encoderReadsExactlyTheTensorsOfItsPrefixes() throws IOException {
        ShapeSource source = ShapeSource.published();
        VaeEncoder.load(VaeConfig.wan21(), source, device).close();
        assertThat(source.used()).isEqualTo(withPrefix(source, VaeEncoder.PREFIXES));
    }

    @Test
    void decoderReadsExactlyTheTensorsOfItsPrefixes() throws IOException {
        ShapeSource source = ShapeSource.published();
        VaeDecoder.load(VaeConfig.wan21(), source, device).close();
        assertThat(source.used()).isEqualTo(withPrefix(source, VaeDecoder.PREFIXES));
    }

    @Test
    void encoderAndDecoderCoverTheCheckpoint() throws IOException {
        ShapeSource source = ShapeSource.published();
        List<String> prefixes = Stream.concat(VaeEncoder.PREFIXES.stream(), VaeDecoder.PREFIXES.stream())
                .toList();
        assertThat(withPrefix(source, prefixes)).isEqualTo(new TreeSet<>(source.names()));
    }

    @Test
    void widthIsReadFromTheShapes() throws IOException {
        assertThat(VaeConfig.infer(ShapeSource.published())).isEqualTo(VaeConfig.wan21());
        try (TinyVae tiny = new TinyVae()) {
            assertThat(tiny.config.dim()).isEqualTo(6);
        }
    }

    @Test
    void checkpointWithoutEncoderIsNotAVae() throws IOException {
        ShapeSource source = ShapeSource.published().without("encoder.conv1.weight");
        assertThatThrownBy(() -> VaeConfig.infer(source))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("encoder.conv1.weight");
    }

    @Test
    void missingTensorIsNamedAndNothingStaysLoaded() throws IOException {
        ShapeSource source = ShapeSource.published().without("decoder.upsamples.7.time_conv.bias");
        assertThatThrownBy(() -> VaeDecoder.load(VaeConfig.wan21(), source, device))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("decoder.upsamples.7.time_conv.bias");
        assertThat(device.memory().inArenas()).isZero();
    }

    @Test
    void wrongShapeIsNamedAndNothingStaysLoaded() throws IOException {
        ShapeSource source = ShapeSource.published().with("encoder.downsamples.5.time_conv.weight", 192, 192, 3, 3, 3);
        assertThatThrownBy(() -> VaeEncoder.load(VaeConfig.wan21(), source, device))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("encoder.downsamples.5.time_conv.weight")
                .hasMessageContaining("[192,192,3,1,1]")
                .hasMessageContaining("[192,192,3,3,3]");
        assertThat(device.memory().inArenas()).isZero();
    }
}
