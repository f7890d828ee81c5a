package io.wan4j.prompt;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Cleans a prompt as Wan2.1 does before tokenising: repair, decode HTML entities twice, strip, then the mode's own
 * rule.
 *
 * @param mode what happens to spaces, case and punctuation
 * @param repair which damage is repaired first
 */
public record PromptCleaner(Mode mode, TextRepair repair) {
    private static final Pattern SPACES = Pattern.compile("\\p{IsWhite_Space}+");
    private static final Pattern ASCII_PUNCTUATION = Pattern.compile("\\p{Punct}");

    /** What happens to spaces, case and punctuation. */
    public enum Mode {
        /** Every run of Unicode white space becomes one space; what Wan uses. */
        WHITESPACE,
        /** As {@link #WHITESPACE}, then lower case (by Java's rules, which end a word with the other small sigma a little
         * more often than Python's). */
        LOWER,
        /** Underscores become spaces, ASCII punctuation goes, lower case, then as {@link #WHITESPACE}. */
        CANONICALIZE
    }

    /** The cleaning that Wan's text encoder was used with. */
    public static PromptCleaner wan() {
        return new PromptCleaner(Mode.WHITESPACE, TextRepair.COMMON);
    }

    /** The cleaned prompt; may be empty. */
    public String clean(String prompt) {
        String basic = basic(prompt);
        return switch (mode) {
            case WHITESPACE -> oneSpace(basic);
            case LOWER -> oneSpace(basic).toLowerCase(Locale.ROOT);
            case CANONICALIZE -> canonical(basic);
        };
    }

    /** What all modes start from. */
    String basic(String prompt) {
        return strip(HtmlEntities.unescape(HtmlEntities.unescape(repair.apply(prompt))));
    }

    private static String canonical(String text) {
        String words = ASCII_PUNCTUATION.matcher(text.replace('_', ' ')).replaceAll("");
        return oneSpace(words.toLowerCase(Locale.ROOT));
    }

    private static String oneSpace(String text) {
        return strip(SPACES.matcher(text).replaceAll(" "));
    }

    /** Python's {@code str.strip()}, which also takes the separators U+001C to U+001F. */
    private static String strip(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && isPythonSpace(text.charAt(from))) {
            from++;
        }
        while (to > from && isPythonSpace(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean isPythonSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }
}
