package io.wan4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.checkpoint.lora.Strength;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoraArgumentsTest {
    @Test
    void fileStrengthAndStrengthsOfStepsAreRead() {
        assertThat(LoraArguments.parse("a.safetensors")).isEqualTo(Lora.of(Path.of("a.safetensors")));
        assertThat(LoraArguments.parse("a@b.safetensors@0.8")).isEqualTo(Lora.of(Path.of("a@b.safetensors"), 0.8f));
        assertThat(LoraArguments.parse("a.safetensors@1,1,0.5,0"))
                .isEqualTo(new Lora(Path.of("a.safetensors"), new Strength(List.of(1f, 1f, 0.5f, 0f))));
        assertThatThrownBy(() -> LoraArguments.parse("a.safetensors@much"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("FILE@STRENGTH");
    }
}
