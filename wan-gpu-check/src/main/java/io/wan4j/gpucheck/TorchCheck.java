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
                JSON.writeValue(cases.toFile(), cases(context.workload()));
                run(context, cases);
            } finally {
                Files.delete(cases);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("torch", failure);
        }
    }

    /** Everything that has a peer, as the script reads it. */
    static Map<String, Object> cases(Workload workload) {
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
        var transformer = workload.model().transformer();
        Map<String, Object> block = Map.of(
                "dim", transformer.dim(),
                "ffn", transformer.ffnDim(),
                "heads", transformer.heads(),
                "tokens",
                        workload.clip().latentFrames() * workload.clip().size().tokensPerFrame());
        return Map.of("cases", all, "block", block, "samples", workload.bench().samples());
    }

    private static void run(CheckContext context, Path cases) throws IOException {
        String script = context.home().resolve("bench_torch.py").toString();
        Process process;
        try {
            process = new ProcessBuilder("python3", script, cases.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
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
