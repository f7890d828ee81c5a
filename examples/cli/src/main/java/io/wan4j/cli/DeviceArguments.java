package io.wan4j.cli;

import io.wan4j.MemoryLimit;
import io.wan4j.Precision;
import io.wan4j.WanPipelineBuilder;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceRequest;
import io.wan4j.tensor.ActivationMode;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options about where and in what to compute. */
final class DeviceArguments {
    @Option(
            names = "--device",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "auto, cuda, cuda:1 (the second GPU) and so on, onednn or reference"
                    + " (default: ${DEFAULT-VALUE}).")
    private String device = "auto";

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "0",
            description = "Host threads; 0 means the physical cores.")
    private int threads;

    @Option(
            names = "--precision",
            paramLabel = "P",
            defaultValue = "AS_STORED",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Precision precision = Precision.AS_STORED;

    @Option(
            names = "--activation-mode",
            paramLabel = "M",
            description = "What 8-bit layers of the transformer do with their inputs: ${COMPLETION-CANDIDATES};"
                    + " by default what the release meant.")
    private Optional<ActivationMode> activationMode = Optional.empty();

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description = "Limit on device memory, for example 8G or 900M; what is free by default.")
    private String memory = "";

    @Option(
            names = "--check-finite",
            description = "Stop at the first layer whose output holds infinity or NaN, and name it (slow).")
    private boolean checkFinite;

    @Option(
            names = "--int8-attention",
            description = "Multiply queries and keys in 8 bits where the device can (cuda, CPUs with AMX).")
    private boolean int8Attention;

    @Option(names = "--no-graphs", description = "Launch every kernel by itself instead of recorded blocks (cuda).")
    private boolean noGraphs;

    DeviceRequest request() {
        DeviceRequest request = device.equals("auto") ? Device.auto() : Device.named(device);
        return request.with(request.options().withThreads(threads));
    }

    Precision precision() {
        return precision;
    }

    WanPipelineBuilder apply(WanPipelineBuilder builder) {
        builder.device(request())
                .precision(precision)
                .checkFinite(checkFinite)
                .quantisedAttention(int8Attention)
                .graphs(!noGraphs);
        activationMode.ifPresent(builder::activationMode);
        return memory.isEmpty() ? builder : builder.memoryLimit(MemoryLimit.bytes(bytes(memory)));
    }

    /** Bytes of a size such as 8G, 900M, 12345. */
    static long bytes(String size) {
        String text = size.toUpperCase(Locale.ROOT).replaceAll("I?B$", "");
        int shift = text.endsWith("G") ? 30 : text.endsWith("M") ? 20 : text.endsWith("K") ? 10 : 0;
        String number = shift == 0 ? text : text.substring(0, text.length() - 1);
        try {
            double value = Double.parseDouble(number);
            if (value >= 0 && value * (1L << shift) < Long.MAX_VALUE) {
                return Math.round(value * (1L << shift));
            }
        } catch (NumberFormatException unreadable) {
            // Said below.
        }
        throw new IllegalArgumentException("memory size: expected a number with K, M or G, such as 8G, got " + size);
    }
}
