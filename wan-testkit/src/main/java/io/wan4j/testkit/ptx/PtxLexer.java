package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import java.util.ArrayList;
import java.util.List;

/** Splits PTX into words, strings and punctuation. */
final class PtxLexer {
    record Token(String text, int line, int start, int end) {
        boolean is(String other) {
            return text.equals(other);
        }
    }

    private final String source;
    private int at;
    private int line = 1;

    PtxLexer(String source) {
        this.source = source;
    }

    List<Token> tokens() {
        List<Token> tokens = new ArrayList<>();
        while (skipBlank()) {
            int start = at;
            char c = source.charAt(at);
            if (c == '"') {
                at = source.indexOf('"', at + 1) + 1;
            } else if (isWord(c)) {
                // directives may stand without space between: .reg.b32
                boolean directive = c == '.';
                at++;
                while (at < source.length() && continuesWord() && !(directive && source.charAt(at) == '.')) {
                    at++;
                }
            } else if ("{}()[]<>,;:@!+-|=*".indexOf(c) >= 0) {
                at++;
            } else {
                throw new UnsupportedException("PTX line " + line + ": unexpected character '" + c + "'");
            }
            tokens.add(new Token(source.substring(start, at), line, start, at));
        }
        return tokens;
    }

    private boolean continuesWord() {
        if (isWord(source.charAt(at))) {
            return true;
        }
        if (source.startsWith("::", at)) {
            at++;
            return true;
        }
        return false;
    }

    private static boolean isWord(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '%' || c == '.';
    }

    private boolean skipBlank() {
        while (at < source.length()) {
            char c = source.charAt(at);
            if (source.startsWith("//", at)) {
                at = orEnd(source.indexOf('\n', at));
            } else if (source.startsWith("/*", at)) {
                int end = orEnd(source.indexOf("*/", at));
                line += (int)
                        source.substring(at, end).chars().filter(x -> x == '\n').count();
                at = Math.min(end + 2, source.length());
            } else if (c == '\0') {
                at++;
            } else if (Character.isWhitespace(c)) {
                line += c == '\n' ? 1 : 0;
                at++;
            } else {
                return true;
            }
        }
        return false;
    }

    private int orEnd(int found) {
        return found < 0 ? source.length() : found;
    }
}
