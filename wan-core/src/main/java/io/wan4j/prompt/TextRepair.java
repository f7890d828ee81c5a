package io.wan4j.prompt;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which damage of copied text is repaired before a prompt is cleaned; the reference calls {@code ftfy.fix_text}. */
public enum TextRepair {
    /** Leaves the text as it is. */
    NONE {
        @Override
        String apply(String text) {
            return text;
        }
    },

    /**
     * What {@code ftfy.fix_text} does with its defaults to text that was decoded rightly: decodes HTML entities (where
     * no {@code <} is seen), reads C1 control characters as Windows-1252, splits Latin ligatures, gives full-width and
     * half-width forms their usual width (Chinese commas become ASCII ones, which changes the tokens), makes quotation
     * marks straight and line ends Unix, replaces lone surrogates by U+FFFD, removes terminal escapes, control
     * characters and byte order marks, and composes (NFC).
     *
     * <p>Not done: guessing that text was decoded with the wrong encoding and undoing it (mojibake such as
     * {@code Ã©}), and entity names in the wrong case.
     */
    COMMON {
        @Override
        String apply(String text) {
            return repair(text);
        }
    };

    /** ftfy's pattern: names and numbers that end in a semicolon. */
    private static final Pattern ENTITY = Pattern.compile("&#?[0-9A-Za-z]{1,24};");

    private static final Pattern C1_CONTROL = Pattern.compile("[\\x{80}-\\x{9f}]");
    private static final Pattern LONG_S_T = Pattern.compile("\\x{fb05}");
    private static final Pattern LIGATURE_OR_WIDTH = Pattern.compile(
            "[\\x{132}\\x{133}\\x{149}\\x{1c4}-\\x{1cc}\\x{1f1}-\\x{1f3}\\x{fb00}-\\x{fb06}\\x{3000}\\x{ff01}-\\x{ffef}]");
    private static final Pattern SINGLE_QUOTE = Pattern.compile("[\\x{2bc}\\x{2018}-\\x{201b}]");
    private static final Pattern DOUBLE_QUOTE = Pattern.compile("[\\x{201c}-\\x{201f}]");
    private static final Pattern LINE_BREAK = Pattern.compile("\\r\\n|[\\r\\x{2028}\\x{2029}\\x{85}]");
    private static final Pattern LONE_SURROGATE = Pattern.compile("\\p{Cs}");
    private static final Pattern TERMINAL_ESCAPE = Pattern.compile("\\x1b\\[[\\d;]*[a-zA-Z]");
    private static final Pattern CONTROL =
            Pattern.compile("[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f\\x{206a}-\\x{206f}\\x{feff}\\x{fff9}-\\x{fffc}]");
    private static final Charset WINDOWS = Charset.forName("windows-1252");

    abstract String apply(String text);

    private static String repair(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean entities = true;
        for (String line : text.split("(?<=\n)")) {
            entities = entities && line.indexOf('<') < 0;
            out.append(repairLine(line, entities));
        }
        return out.toString();
    }

    /** Repeats until nothing changes: one repair may uncover another. Each round shortens or settles the line. */
    private static String repairLine(String line, boolean entities) {
        String before;
        String after = line;
        do {
            before = after;
            after = repairOnce(before, entities);
        } while (!after.equals(before));
        return after;
    }

    private static String repairOnce(String line, boolean entities) {
        String text = line;
        if (entities) {
            text = ENTITY.matcher(text).replaceAll(m -> Matcher.quoteReplacement(entity(m.group())));
        }
        text = C1_CONTROL.matcher(text).replaceAll(m -> windows(m.group()));
        text = LONG_S_T.matcher(text).replaceAll("\u017ft");
        text = LIGATURE_OR_WIDTH
                .matcher(text)
                .replaceAll(m -> Matcher.quoteReplacement(Normalizer.normalize(m.group(), Normalizer.Form.NFKC)));
        text = DOUBLE_QUOTE.matcher(text).replaceAll("\"");
        text = SINGLE_QUOTE.matcher(text).replaceAll("'");
        text = LINE_BREAK.matcher(text).replaceAll("\n");
        text = LONE_SURROGATE.matcher(text).replaceAll("\ufffd");
        text = TERMINAL_ESCAPE.matcher(text).replaceAll("");
        text = CONTROL.matcher(text).replaceAll("");
        return Normalizer.normalize(text, Normalizer.Form.NFC);
    }

    /** The character of a whole reference; the reference itself where only a part of it is known. */
    private static String entity(String reference) {
        String decoded = HtmlEntities.unescape(reference);
        return decoded.endsWith(";") ? reference : decoded;
    }

    /** The Windows-1252 character of a C1 code; five codes have none and stay. */
    private static String windows(String c1) {
        String decoded = new String(c1.getBytes(StandardCharsets.ISO_8859_1), WINDOWS);
        return decoded.equals("\ufffd") ? c1 : decoded;
    }
}
