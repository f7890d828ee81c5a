package io.wan4j.gpucheck;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Lets {@code bench_torch.py} measure the same shapes, where {@code python3} has torch. */
final class TorchCheck implements Check {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public void run(CheckContext context) {
        try {
            Path cases = Files.createTempFile("wan-cases", ".json");
            try {
                JSON.writeValue(cases.toFile(), cases(context.workload(), seconds()));
                run(context, cases);
            } finally {
                Files.delete(cases);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("torch", failure);
        }
    }

    /** Time that this unit has; the script leaves out what would not fit. */
    private static long seconds() {
        String given = System.getenv(UnitProcess.SECONDS_VARIABLE);
        return given == null ? Part.TORCH.limit().toSeconds() : Long.parseLong(given);
    }

    /** Everything that has a peer, as the script reads it: the largest first. */
    static Map<String, Object> cases(Workload workload, long seconds) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (KernelCases.Group group : KernelCases.Group.values()) {
            for (KernelCase one : group.cases(workload.kernels())) {
                if (!one.peer().isEmpty()) {
                    Map<String, Object> entry = new LinkedHashMap<>(one.peer());
                    entry.put("name", one.name());
                    entry.put("kind", one.kind());
                    entry.put("amount", one.amount());
                    all.add(entry);
                }
            }
        }
        all.sort(Comparator.comparingDouble((Map<String, Object> one) -> (Double) one.get("amount"))
                .reversed());
        var transformer = workload.model().transformer();
        Map<String, Object> block = Map.of(
                "dim", transformer.dim(),
                "ffn", transformer.ffnDim(),
                "heads", transformer.heads(),
                "tokens",
                        workload.clip().latentFrames() * workload.clip().size().tokensPerFrame());
        return Map.of("cases", all, "block", block, "samples", workload.bench().samples(), "seconds", seconds);
    }

    private static void run(CheckContext context, Path cases) throws IOException {
        String script = context.home().resolve("bench_torch.py").toString();
        Process process;
        try {
            process = python(script, cases);
        } catch (IOException absent) {
            context.add(Row.skipped("torch", "no python3"));
            return;
        }
        try (BufferedReader lines =
                new BufferedReader(new java.io.InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("{")) {
                    context.add(row(line));
                }
            }
            int status = process.waitFor();
            if (status != 0) {
                context.add(Row.failed("torch", "bench_torch.py ended with status " + status));
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroy();
        }
    }

    /** The script's process: caches stay in the folder of the results, and libraries are the system's. */
    private static Process python(String script, Path cases) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("python3", script, cases.toString());
        Map<String, String> environment = builder.environment();
        String temporary = System.getProperty("java.io.tmpdir");
        for (String variable :
                List.of("TMPDIR", "XDG_CACHE_HOME", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "CUDA_CACHE_PATH")) {
            environment.put(variable, temporary);
        }
        environment.put("PYTHONDONTWRITEBYTECODE", "1");
        String own = environment.remove("WAN_LIBRARY_PATH");
        if (own != null && !own.isEmpty()) {
            environment.put("LD_LIBRARY_PATH", own);
        } else if (own != null) {
            environment.remove("LD_LIBRARY_PATH");
        }
        return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /** A row from a line of the script. */
    static Row row(String line) throws IOException {
        JsonNode json = JSON.readTree(line);
        Map<String, Object> values = new LinkedHashMap<>();
        json.properties().forEach(entry -> {
            if (!entry.getKey().equals("name") && !entry.getKey().equals("status")) {
                JsonNode value = entry.getValue();
                values.put(entry.getKey(), value.isNumber() ? (Object) value.numberValue() : value.asText());
            }
        });
        Row.Status status = Row.Status.valueOf(json.path("status").asText("OK"));
        return new Row(json.path("name").asText(), status, values);
    }
}
