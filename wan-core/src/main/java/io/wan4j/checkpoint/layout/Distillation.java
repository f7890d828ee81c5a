package io.wan4j.checkpoint.layout;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Whether a transformer was distilled to few steps without guidance. Its tensors do not tell: names of files and folders
 * and the text that a file's writer attached do, where the release has a known name.
 *
 * @param kind what is known
 * @param evidence the name that says so; empty if nothing is known
 */
public record Distillation(Kind kind, String evidence) {
    /** What is known. */
    public enum Kind {
        /** Made for a few given steps, without guidance. */
        DISTILLED,
        /** The original: made for many steps, with guidance. */
        ORIGINAL,
        /** No name says. */
        UNKNOWN
    }

    /** Names that count: file, folder, and the two above, as deep as download caches nest. */
    private static final int NAMES = 4;

    private static final Pattern DISTILLED =
            Pattern.compile("(?i).*(distill|lightx2v|(?<![0-9])[0-9]{1,2}[-_ ]?steps?(?![a-z])).*");
    private static final Pattern ORIGINAL = Pattern.compile("(?i)(.*--)?(Wan2\\.1-I2V-14B-(480|720)P(-Diffusers)?"
            + "|wan2\\.1_i2v_(480|720)p_14B_(fp16|bf16|fp8_e4m3fn|fp8_scaled)\\.safetensors)");

    /** Reads the names and the metadata of a transformer's files. */
    static Distillation of(List<Path> files, Map<String, String> metadata) {
        List<String> names =
                files.stream().flatMap(file -> names(file).stream()).toList();
        for (String name : names) {
            if (DISTILLED.matcher(name).matches()) {
                return new Distillation(Kind.DISTILLED, name);
            }
        }
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
            Matcher matcher = DISTILLED.matcher(entry.getKey() + "=" + entry.getValue());
            if (matcher.matches()) {
                return new Distillation(Kind.DISTILLED, matcher.group());
            }
        }
        return names.stream()
                .filter(name -> ORIGINAL.matcher(name).matches())
                .findFirst()
                .map(name -> new Distillation(Kind.ORIGINAL, name))
                .orElse(new Distillation(Kind.UNKNOWN, ""));
    }

    /** This transformer with adapters on it: one that distills makes a distilled model of an original. */
    public Distillation with(List<Path> adapters) {
        Distillation added = of(adapters, Map.of());
        return added.kind() == Kind.DISTILLED ? added : this;
    }

    private static List<String> names(Path file) {
        Path path = file.toAbsolutePath().normalize();
        int count = path.getNameCount();
        return IntStream.range(Math.max(0, count - NAMES), count)
                .mapToObj(i -> path.getName(i).toString())
                .toList();
    }
}
