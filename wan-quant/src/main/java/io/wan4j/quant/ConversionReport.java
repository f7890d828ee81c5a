package io.wan4j.quant;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * What a conversion made.
 *
 * @param source what it read
 * @param files what it wrote
 * @param bytes of tensors written
 * @param tensors of the output
 * @param layout names of the output
 * @param format formats of the output
 * @param errors every tensor that changed its format, with what it lost
 * @param loras what was merged
 * @param balanced layers whose input channels were balanced
 */
public record ConversionReport(
        @JsonProperty("source") String source,
        @JsonProperty("files") List<String> files,
        @JsonProperty("bytes") long bytes,
        @JsonProperty("tensors") int tensors,
        @JsonProperty("layout") TargetLayout layout,
        @JsonProperty("format") TargetFormat format,
        @JsonProperty("errors") List<TensorError> errors,
        @JsonProperty("loras") List<LoraChange> loras,
        @JsonProperty("balanced") List<String> balanced) {
    private static final int WORST = 10;

    /** Copies the lists. */
    public ConversionReport {
        files = List.copyOf(files);
        errors = List.copyOf(errors);
        loras = List.copyOf(loras);
        balanced = List.copyOf(balanced);
    }

    /** The ten tensors that lost most, the worst first. */
    @JsonProperty("worst")
    public List<TensorError> worst() {
        return errors.stream()
                .sorted(Comparator.comparingDouble(TensorError::relativeError).reversed())
                .limit(WORST)
                .toList();
    }

    /** Writes this as JSON. */
    public void write(Path file) {
        try {
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(file.toFile(), this);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": the report cannot be written", e);
        }
    }
}
