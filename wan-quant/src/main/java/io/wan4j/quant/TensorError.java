package io.wan4j.quant;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What one tensor lost.
 *
 * @param tensor canonical name
 * @param format what it became
 * @param relativeError norm of the difference over norm of the tensor
 */
@JsonIgnoreProperties(value = "snrDb", allowGetters = true)
public record TensorError(
        @JsonProperty("tensor") String tensor,
        @JsonProperty("format") String format,
        @JsonProperty("relativeError") double relativeError) {
    /** Signal to noise in decibels; infinite if nothing was lost. */
    @JsonProperty("snrDb")
    public double snrDb() {
        return -20 * Math.log10(relativeError);
    }
}
