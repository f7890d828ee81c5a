package io.wan4j.prompt;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jsoup.parser.Parser;

/**
 * HTML5 character references decoded as Python's {@code html.unescape} does, names without semicolon and the longest
 * known beginning of a longer word included. jsoup knows the names; it differs on numbers of characters that HTML
 * forbids, which Python drops.
 */
final class HtmlEntities {
    private static final Pattern NUMBER = Pattern.compile("&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?");
    private static final int MAX_DIGITS = 8;

    private HtmlEntities() {}

    static String unescape(String text) {
        if (text.indexOf('&') < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        Matcher number = NUMBER.matcher(text);
        int done = 0;
        while (number.find()) {
            // No reference crosses the '&' of the next, so the text between two numbers can be decoded alone.
            out.append(Parser.unescapeEntities(text.substring(done, number.start()), false));
            out.append(character(number));
            done = number.end();
        }
        return out.append(Parser.unescapeEntities(text.substring(done), false)).toString();
    }

    private static String character(Matcher number) {
        int point = codePoint(number);
        if (point < 0 || (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE)) {
            return "\ufffd";
        }
        return isForbidden(point) ? "" : Parser.unescapeEntities(number.group(), false);
    }

    /** Value of the reference, -1 if it is beyond Unicode. */
    private static int codePoint(Matcher number) {
        boolean hex = number.group(1) != null;
        String digits = (hex ? number.group(1) : number.group(2)).replaceFirst("^0+(?=.)", "");
        if (digits.length() > MAX_DIGITS) {
            return -1;
        }
        long value = Long.parseLong(digits, hex ? 16 : 10);
        return value > Character.MAX_CODE_POINT ? -1 : (int) value;
    }

    /** Control characters except white space, and the code points that are never characters. 128 to 159 are Windows'. */
    private static boolean isForbidden(int point) {
        boolean control = (point > 0 && point < 9) || point == 11 || (point > 13 && point < 32) || point == 127;
        boolean noncharacter = (point & 0xfffe) == 0xfffe || (point >= 0xfdd0 && point <= 0xfdef);
        return control || noncharacter;
    }
}
