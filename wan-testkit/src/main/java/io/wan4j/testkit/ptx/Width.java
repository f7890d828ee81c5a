package io.wan4j.testkit.ptx;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads from an instruction's text how many bytes a lane moves. */
final class Width {
    private static final Pattern COPY_SIZE = Pattern.compile("\\]\\s*,\\s*(\\d+)");

    private Width() {}

    static int of(String instruction) {
        String[] words = instruction.split("\\s+");
        String name = words[0].startsWith("@") && words.length > 1 ? words[1] : words[0];
        if (name.contains("matrix")) {
            return 16;
        }
        if (name.startsWith("cp.async")) {
            Matcher matcher = COPY_SIZE.matcher(instruction);
            return matcher.find() ? Integer.parseInt(matcher.group(1)) : 16;
        }
        int bytes = 0;
        int count = 1;
        for (String part : name.split("\\.")) {
            bytes = PtxType.of(part).map(t -> t.bytes).orElse(bytes);
            count = part.matches("v[248]") ? part.charAt(1) - '0' : count;
        }
        return bytes * count;
    }
}
