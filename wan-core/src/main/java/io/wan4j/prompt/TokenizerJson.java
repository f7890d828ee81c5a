package io.wan4j.prompt;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.wan4j.error.CheckpointException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Set;

/**
 * Checks a {@code tokenizer.json} before the native library reads it, which ends the process on some damaged files.
 * Accepts what umT5's file is made of: a Unigram model whose first pieces are the pad and end tokens, and the
 * normalisers and splitters that go with it.
 */
final class TokenizerJson {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_PIECES = 1 << 20;
    private static final int MAX_REGEX = 64;
    private static final double MAX_SCORE = 1e6;
    private static final Set<String> NORMALIZERS = Set.of(
            "Sequence", "Precompiled", "Replace", "Strip", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt", "Prepend");
    private static final Set<String> SPLITTERS = Set.of("Sequence", "WhitespaceSplit", "Whitespace", "Metaspace");
    private static final Set<String> POST_PROCESSORS = Set.of("Sequence", "TemplateProcessing");
    private static final Set<String> DECODERS =
            Set.of("Sequence", "Metaspace", "Replace", "ByteFallback", "Fuse", "Strip");
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNameLength(1024)
                    .maxNumberLength(64)
                    .maxStringLength(8 << 20)
                    .build())
            .build();

    private final JsonParser json;
    private final String where;

    private TokenizerJson(JsonParser json, String where) {
        this.json = json;
        this.where = where;
    }

    /** @throws CheckpointException if it is no umT5 tokenizer, or one that native code would not survive */
    static void check(byte[] bytes, String where) {
        var text = new InputStreamReader(
                new ByteArrayInputStream(bytes),
                StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT));
        try (JsonParser json = JSON.createParser(text)) {
            new TokenizerJson(json, where).checkRoot();
        } catch (IOException e) {
            throw new CheckpointException(
                    where + ": expected a tokenizer in JSON, got text that is none (" + firstLine(e)
                            + "); download the file again",
                    e);
        }
    }

    private void checkRoot() throws IOException {
        boolean model = false;
        expect(json.nextToken() == JsonToken.START_OBJECT, "an object", "something else");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            switch (name) {
                case "model" -> {
                    checkModel();
                    model = true;
                }
                case "normalizer" -> checkPart(NORMALIZERS);
                case "pre_tokenizer" -> checkPart(SPLITTERS);
                case "post_processor" -> checkPart(POST_PROCESSORS);
                case "decoder" -> checkPart(DECODERS);
                default -> json.skipChildren();
            }
        }
        expect(json.nextToken() == null, "the end after the object", "more text");
        expect(model, "a model", "none");
    }

    private void checkModel() throws IOException {
        boolean unigram = false;
        boolean vocabulary = false;
        boolean unknown = false;
        expect(json.currentToken() == JsonToken.START_OBJECT, "a model object", "something else");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            JsonToken value = json.nextToken();
            switch (name) {
                case "type" -> unigram = "Unigram".equals(json.getText());
                case "unk_id" ->
                    unknown = value == JsonToken.VALUE_NUMBER_INT && json.getIntValue() == Tokenizer.UNKNOWN;
                case "vocab" -> {
                    checkVocabulary();
                    vocabulary = true;
                }
                default -> json.skipChildren();
            }
        }
        expect(unigram, "a Unigram model", "another kind");
        expect(vocabulary, "a vocabulary", "none");
        expect(unknown, "unk_id " + Tokenizer.UNKNOWN, "another or none");
    }

    /** An array of [piece, score]. */
    private void checkVocabulary() throws IOException {
        expect(json.currentToken() == JsonToken.START_ARRAY, "an array of pieces", "something else");
        int id = 0;
        for (JsonToken token = json.nextToken(); token == JsonToken.START_ARRAY; token = json.nextToken()) {
            expect(json.nextToken() == JsonToken.VALUE_STRING, "text for piece " + id, "something else");
            String piece = json.getText();
            expect(!piece.isEmpty(), "text for piece " + id, "none");
            expect(id != Tokenizer.PAD || piece.equals("<pad>"), "<pad> as piece 0", piece);
            expect(id != Tokenizer.EOS || piece.equals("</s>"), "</s> as piece 1", piece);
            expect(json.nextToken().isNumeric(), "a score for piece " + id, "something else");
            expect(Math.abs(json.getDoubleValue()) <= MAX_SCORE, "a small score for piece " + id, json.getText());
            expect(json.nextToken() == JsonToken.END_ARRAY, "the end of piece " + id, "more");
            expect(++id <= MAX_PIECES, "at most " + MAX_PIECES + " pieces", "more");
        }
        expect(json.currentToken() == JsonToken.END_ARRAY, "an array of pieces", "something else");
        expect(id > Tokenizer.UNKNOWN, "more than " + Tokenizer.UNKNOWN + " pieces", Integer.toString(id));
    }

    /** Walks one section; every object in it that names a type must be of an allowed one. */
    private void checkPart(Set<String> allowed) throws IOException {
        if (json.currentToken() == JsonToken.START_ARRAY) {
            while (json.nextToken() != JsonToken.END_ARRAY) {
                checkPart(allowed);
            }
        }
        if (json.currentToken() != JsonToken.START_OBJECT) {
            return;
        }
        int fields = 0;
        boolean precompiled = false;
        boolean rules = false;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            boolean text = json.nextToken() == JsonToken.VALUE_STRING;
            fields++;
            switch (name) {
                case "type" -> {
                    expect(text && allowed.contains(json.getText()), "one of " + allowed, json.getText());
                    precompiled = json.getText().equals("Precompiled");
                }
                case "precompiled_charsmap" -> {
                    expect(text, "rules in base 64", "something else");
                    Charsmap.check(decode(json.getText()), where);
                    rules = true;
                }
                case "Regex" -> checkRegex(json.getText());
                default -> checkPart(allowed);
            }
        }
        expect(precompiled == rules && (!rules || fields == 2), "Precompiled with its rules alone", "other fields");
    }

    /** Short and without groups: so it cannot take exponential time on a prompt. */
    private void checkRegex(String regex) {
        expect(regex.length() <= MAX_REGEX && regex.indexOf('(') < 0, "a simple regular expression", regex);
    }

    /** Decodes base 64 in its one canonical spelling: native code insists on it. */
    private byte[] decode(String base64) {
        try {
            byte[] bytes = Base64.getDecoder().decode(base64);
            expect(Base64.getEncoder().encodeToString(bytes).equals(base64), "rules in base 64", "a loose spelling");
            return bytes;
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(where + ": expected rules in base 64, got other text", e);
        }
    }

    private void expect(boolean holds, String expected, String got) {
        if (!holds) {
            String shown = got.length() > 80 ? got.substring(0, 80) + "..." : got;
            throw new CheckpointException(where + ": expected a umT5 tokenizer with " + expected + ", got " + shown
                    + "; use tokenizer.json of google/umt5-xxl");
        }
    }

    private static String firstLine(IOException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
