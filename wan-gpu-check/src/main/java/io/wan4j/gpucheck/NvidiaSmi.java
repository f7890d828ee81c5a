package io.wan4j.gpucheck;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Clocks, power and temperature as the driver's own tool tells them: they explain times that differ between machines. */
final class NvidiaSmi {
    private static final List<String> QUERY = List.of(
            "name",
            "driver_version",
            "clocks.sm",
            "clocks.max.sm",
            "clocks.mem",
            "power.limit",
            "temperature.gpu",
            "memory.used",
            "utilization.gpu");
    private static final int SECONDS = 20;

    private NvidiaSmi() {}

    /** One row; skipped where the tool is not there. */
    static Row row() {
        return row(List.of("nvidia-smi", "--query-gpu=" + String.join(",", QUERY), "--format=csv,noheader"));
    }

    static Row row(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            try {
                if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                    return Row.skipped("nvidia-smi", "no answer in " + SECONDS + " s");
                }
                String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
                return process.exitValue() == 0
                        ? Row.ok("nvidia-smi").with(String.join(", ", QUERY), text)
                        : Row.skipped("nvidia-smi", text);
            } finally {
                process.destroyForcibly();
            }
        } catch (IOException absent) {
            return Row.skipped("nvidia-smi", "not installed");
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return Row.skipped("nvidia-smi", "interrupted");
        }
    }
}
