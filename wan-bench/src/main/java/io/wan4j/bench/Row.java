package io.wan4j.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import org.jspecify.annotations.Nullable;

/**
 * A result.
 *
 * @param name what was done
 * @param shape sizes
 * @param format of the operands
 * @param backend library
 * @param threads threads
 * @param medianSeconds median of the runs
 * @param gflops matrix operations, in billions a second; 0 where there are none
 * @param ceilingGflops the best that this run saw in this format
 * @param fractionOfCeiling gflops by ceiling
 * @param peer what it is compared with, if anything
 * @param peerMedianSeconds the peer's median
 * @param ratio how many times quicker than the peer
 */
@JsonPropertyOrder({
    "name",
    "shape",
    "format",
    "backend",
    "threads",
    "median_s",
    "gflops",
    "ceiling_gflops",
    "fraction_of_ceiling",
    "peer",
    "peer_median_s",
    "ratio"
})
record Row(
        String name,
        String shape,
        String format,
        String backend,
        int threads,
        @JsonProperty("median_s") double medianSeconds,
        double gflops,
        @JsonProperty("ceiling_gflops") double ceilingGflops,
        @JsonProperty("fraction_of_ceiling") double fractionOfCeiling,
        @Nullable String peer,
        @JsonProperty("peer_median_s") @Nullable Double peerMedianSeconds,
        @Nullable Double ratio) {}
