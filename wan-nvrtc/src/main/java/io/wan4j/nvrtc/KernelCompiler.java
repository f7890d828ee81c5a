package io.wan4j.nvrtc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Compiles every {@code *.cu} of a folder to {@code NAME.sm_XX.cubin} for each architecture and {@code NAME.ptx}, and
 * writes a table of registers, shared and local memory. Sources whose text, headers and options did not change since
 * the last run are left alone. A kernel that uses local memory, which is where registers are spilled to, fails the build.
 *
 * <p>A source may hold a line {@code // targets: sm_89 sm_90a ...} to name its architectures; the first is the one that
 * PTX is made of unless the line names one as {@code ptx:sm_XX}. The system property {@code wan.kernels.targets} limits a
 * build to some architectures while kernels are being written.
 */
public final class KernelCompiler {
    private static final System.Logger LOG = System.getLogger(KernelCompiler.class.getName());
    private static final Pattern INCLUDE = Pattern.compile("(?m)^#include \"([^\"]+)\"");
    private static final String TARGETS = "// targets:";
    private static final String DEFAULT_TARGETS = "sm_80 sm_86 sm_89 sm_90 sm_120 ptx:sm_89";
    private static final List<String> OPTIONS = List.of("--std=c++17");

    private final Path sources;
    private final Path output;
    private final Path work;

    private KernelCompiler(Path sources, Path output, Path work) {
        this.sources = sources;
        this.output = output;
        this.work = work.toAbsolutePath();
    }

    /**
     * Arguments: folder of sources (headers in its {@code include}), folder for the results, work folder for the
     * unpacked compiler, hashes, and {@code kernels.tsv}.
     *
     * @throws KernelBuildException if a source does not compile, or a kernel uses local memory
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 3) {
            throw new IllegalArgumentException("expected SOURCES OUTPUT WORK, got " + List.of(arguments));
        }
        new KernelCompiler(Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2])).run();
    }

    private record Source(String name, String text, String hash) {
        List<String> targets() {
            String limited = System.getProperty("wan.kernels.targets", "");
            List<String> some = List.of(limited.split(" "));
            return targetLine()
                    .filter(target -> !target.startsWith("ptx:"))
                    .filter(target -> limited.isEmpty() || some.contains(target))
                    .toList();
        }

        String ptxTarget() {
            return targetLine()
                    .filter(target -> target.startsWith("ptx:"))
                    .map(target -> target.substring("ptx:".length()))
                    .findFirst()
                    .orElseGet(() -> targets().get(0));
        }

        private Stream<String> targetLine() {
            String line = text.lines()
                    .filter(candidate -> candidate.startsWith(TARGETS))
                    .map(candidate -> candidate.substring(TARGETS.length()).strip())
                    .findFirst()
                    .orElse(DEFAULT_TARGETS);
            return Stream.of(line.split("\\s+"));
        }
    }

    private void run() throws IOException {
        Files.createDirectories(output);
        Files.createDirectories(work);
        Map<String, String> headers = headers();
        List<Source> all = readSources(headers);
        List<Source> changed = all.stream().filter(this::isStale).toList();
        if (!changed.isEmpty()) {
            Nvrtc nvrtc = Nvrtc.load(work.resolve("nvrtc"));
            LOG.log(
                    System.Logger.Level.INFO,
                    "NVRTC {0}: compiling {1} of {2} kernel files",
                    nvrtc.version(),
                    changed.size(),
                    all.size());
            changed.parallelStream().forEach(source -> compile(nvrtc, source, headers));
        }
        removeForeign(all);
        writeTable(all);
    }

    private Map<String, String> headers() throws IOException {
        Map<String, String> headers = new TreeMap<>();
        for (Path file : list(sources.resolve("include"), ".cuh")) {
            headers.put(file.getFileName().toString(), Files.readString(file));
        }
        return headers;
    }

    private List<Source> readSources(Map<String, String> headers) throws IOException {
        String common = OPTIONS + System.getProperty("wan.kernels.targets", "");
        List<Source> all = new ArrayList<>();
        for (Path file : list(sources, ".cu")) {
            String name = file.getFileName().toString().replaceFirst("\\.cu$", "");
            String text = Files.readString(file);
            all.add(new Source(name, text, sha256(common + withHeaders(text, headers, new TreeMap<>()))));
        }
        return all;
    }

    /** The text with all headers that it includes, each once. */
    private static String withHeaders(String text, Map<String, String> headers, Map<String, String> seen) {
        Matcher matcher = INCLUDE.matcher(text);
        while (matcher.find()) {
            String name = matcher.group(1);
            String header = headers.get(name);
            if (header != null && seen.putIfAbsent(name, header) == null) {
                withHeaders(header, headers, seen);
            }
        }
        return text + seen;
    }

    private static List<Path> list(Path folder, String suffix) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(suffix))
                    .sorted()
                    .toList();
        }
    }

    private boolean isStale(Source source) {
        try {
            Path stamp = stamp(source);
            return !Files.exists(stamp)
                    || !Files.readString(stamp).equals(source.hash())
                    || !Files.exists(output.resolve(source.name() + ".ptx"));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private Path stamp(Source source) {
        return work.resolve(source.name() + ".sha256");
    }

    private void compile(Nvrtc nvrtc, Source source, Map<String, String> headers) {
        try {
            for (String target : source.targets()) {
                Nvrtc.Output result = nvrtc.compile(source.name() + ".cu", source.text(), headers, withTarget(target));
                write(source.name() + "." + target + ".cubin", result.cubin());
                if (target.equals(source.ptxTarget())) {
                    write(source.name() + ".ptx", result.ptx());
                }
            }
            Files.writeString(stamp(source), source.hash());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static List<String> withTarget(String target) {
        List<String> options = new ArrayList<>(OPTIONS);
        options.add("--gpu-architecture=" + target);
        return options;
    }

    private void write(String name, byte[] bytes) throws IOException {
        Path partial = work.resolve(name + ".part");
        Files.write(partial, bytes);
        Files.move(partial, output.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }

    private void removeForeign(List<Source> all) throws IOException {
        List<String> names = all.stream().map(Source::name).toList();
        for (String suffix : List.of(".cubin", ".ptx")) {
            for (Path file : list(output, suffix)) {
                String name = file.getFileName().toString();
                if (!names.contains(name.substring(0, name.indexOf('.')))) {
                    Files.delete(file);
                }
            }
        }
    }

    private void writeTable(List<Source> all) throws IOException {
        StringBuilder table = new StringBuilder("file\tkernel\ttarget\tregisters\tshared\tlocal\n");
        List<String> spilling = new ArrayList<>();
        for (Source source : all) {
            for (String target : source.targets()) {
                byte[] cubin = Files.readAllBytes(output.resolve(source.name() + "." + target + ".cubin"));
                List<KernelResources> kernels = KernelResources.of(cubin);
                kernels.stream()
                        .filter(kernel -> kernel.localBytes() > 0)
                        .forEach(kernel -> spilling.add(
                                kernel.kernel() + " for " + target + " (" + kernel.localBytes() + " bytes a thread)"));
                table.append(kernels.stream()
                        .map(kernel -> String.format(
                                "%s\t%s\t%s\t%d\t%d\t%d\n",
                                source.name(),
                                kernel.kernel(),
                                target,
                                kernel.registers(),
                                kernel.sharedBytes(),
                                kernel.localBytes()))
                        .collect(Collectors.joining()));
            }
        }
        Files.writeString(work.resolve("kernels.tsv"), table);
        if (!spilling.isEmpty()) {
            throw new KernelBuildException("kernels: expected none to use local memory, got " + spilling
                    + "; give threads fewer sums or blocks fewer threads, and index arrays by constants only");
        }
    }

    private static String sha256(String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
