package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import java.util.ArrayList;
import java.util.List;

/** Reads tokens one after the other. */
final class PtxCursor {
    private final String source;
    private final List<PtxLexer.Token> tokens;
    private int at;

    PtxCursor(String source) {
        this.source = source;
        this.tokens = new PtxLexer(source).tokens();
    }

    boolean done() {
        return at >= tokens.size();
    }

    PtxLexer.Token peek() {
        if (done()) {
            throw new UnsupportedException("PTX ends in the middle of a statement");
        }
        return tokens.get(at);
    }

    boolean at(String text) {
        return !done() && tokens.get(at).is(text);
    }

    boolean follows(int distance, String text) {
        return at + distance < tokens.size() && tokens.get(at + distance).is(text);
    }

    PtxLexer.Token next() {
        PtxLexer.Token token = peek();
        at++;
        return token;
    }

    String word() {
        return next().text();
    }

    boolean take(String text) {
        if (at(text)) {
            at++;
            return true;
        }
        return false;
    }

    void expect(String text) {
        PtxLexer.Token token = next();
        if (!token.is(text)) {
            throw new UnsupportedException(
                    "PTX line " + token.line() + ": expected '" + text + "', got '" + token.text() + "'");
        }
    }

    void skipTo(String text) {
        while (!take(text)) {
            next();
        }
    }

    int line() {
        return done() ? 0 : peek().line();
    }

    int position() {
        return at;
    }

    /** Source text from a token position up to the last token read. */
    String textFrom(int position) {
        return source.substring(tokens.get(position).start(), tokens.get(at - 1).end())
                .replaceAll("\\s+", " ");
    }

    long integer() {
        boolean negative = take("-");
        PtxLexer.Token token = next();
        long value = parseInteger(token);
        return negative ? -value : value;
    }

    /** A number, or a braced list of numbers at any depth. */
    List<PtxOperand.Immediate> numbers() {
        List<PtxOperand.Immediate> values = new ArrayList<>();
        if (take("{")) {
            while (!take("}")) {
                values.addAll(numbers());
                take(",");
            }
        } else {
            values.add(immediate());
        }
        return values;
    }

    PtxOperand.Immediate immediate() {
        boolean negative = take("-");
        PtxLexer.Token token = next();
        String text = token.text();
        if (text.startsWith("0f") || text.startsWith("0F")) {
            long bits = Long.parseLong(text.substring(2), 16);
            return new PtxOperand.Immediate(negative ? bits ^ 0x80000000L : bits, 4);
        }
        if (text.startsWith("0d") || text.startsWith("0D")) {
            long bits = Long.parseUnsignedLong(text.substring(2), 16);
            return new PtxOperand.Immediate(negative ? bits ^ Long.MIN_VALUE : bits, 8);
        }
        if (text.contains(".") || text.matches("[0-9]+[eE].*")) {
            double value = Double.parseDouble(text);
            return new PtxOperand.Immediate(Double.doubleToRawLongBits(negative ? -value : value), 8);
        }
        long value = parseInteger(token);
        return new PtxOperand.Immediate(negative ? -value : value, 0);
    }

    private static long parseInteger(PtxLexer.Token token) {
        String text = token.text();
        try {
            String digits = text.endsWith("U") ? text.substring(0, text.length() - 1) : text;
            if (digits.startsWith("0x") || digits.startsWith("0X")) {
                return Long.parseUnsignedLong(digits.substring(2), 16);
            }
            if (digits.startsWith("0b") || digits.startsWith("0B")) {
                return Long.parseUnsignedLong(digits.substring(2), 2);
            }
            return digits.length() > 1 && digits.startsWith("0")
                    ? Long.parseUnsignedLong(digits, 8)
                    : Long.parseUnsignedLong(digits);
        } catch (NumberFormatException e) {
            throw new UnsupportedException("PTX line " + token.line() + ": expected a number, got '" + text + "'", e);
        }
    }
}
