package io.wan4j.prompt;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Makes a real, small Unigram tokenizer in Hugging Face's format, for demonstrations and tests: pad 0, end 1, unknown 2,
 * then the fallback's pieces, then the given words.
 *
 * @param words pieces beyond the fallback, the likeliest first. A word boundary is written {@code ▁}, as in
 *     {@code "▁cat"}.
 * @param fallback what covers the text that no word covers
 */
public record TinyTokenizer(List<String> words, Fallback fallback) {
    private static final String BOUNDARY = "\u2581";
    private static final double WORD_SCORE = -2;
    private static final double RANK_PENALTY = 0.001;
    private static final double FALLBACK_SCORE = -10;
    private static final List<String> SPECIAL = List.of("<pad>", "</s>", "<unk>");

    /** What covers the text that no word covers. */
    public enum Fallback {
        /** 256 pieces, one for each byte of UTF-8, and the boundary: nothing is ever unknown. */
        BYTES,
        /** Printable ASCII and the boundary; all else is unknown. */
        ASCII
    }

    /** Checks that words are distinct, not empty, and not among the other pieces. */
    public TinyTokenizer {
        words = List.copyOf(words);
        Set<String> seen = new HashSet<>(SPECIAL);
        seen.addAll(fallbackPieces(fallback));
        for (String word : words) {
            if (word.isEmpty() || !seen.add(word)) {
                throw new IllegalArgumentException("tokenizer words: expected distinct words, got '" + word + "' twice"
                        + " or a piece of the fallback");
            }
        }
    }

    /** Pieces in order of their ids. */
    public List<String> pieces() {
        List<String> pieces = new ArrayList<>(SPECIAL);
        pieces.addAll(fallbackPieces(fallback));
        pieces.addAll(words);
        return List.copyOf(pieces);
    }

    /** Number of ids; the embedding needs as many rows. */
    public int vocabularySize() {
        return SPECIAL.size() + fallbackPieces(fallback).size() + words.size();
    }

    /** The text of a {@code tokenizer.json}. */
    public String toJson() {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode().put("version", "1.0").putNull("truncation");
        root.putNull("padding");
        addedTokens(root.putArray("added_tokens"));
        root.putObject("normalizer").put("type", "NFKC");
        ArrayNode splitters =
                root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        splitters.addObject().put("type", "WhitespaceSplit");
        metaspace(splitters.addObject());
        root.putNull("post_processor");
        metaspace(root.putObject("decoder"));
        model(root.putObject("model"));
        return root.toString();
    }

    /**
     * Writes {@code tokenizer.json}.
     *
     * @throws UncheckedIOException if the file cannot be written
     */
    public void write(Path file) {
        try {
            Files.writeString(file, toJson());
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot write the tokenizer", e);
        }
    }

    private static void addedTokens(ArrayNode tokens) {
        for (int id = 0; id < SPECIAL.size(); id++) {
            ObjectNode token = tokens.addObject().put("id", id).put("content", SPECIAL.get(id));
            token.put("single_word", false).put("lstrip", false).put("rstrip", false);
            token.put("normalized", false).put("special", true);
        }
    }

    private static void metaspace(ObjectNode node) {
        node.put("type", "Metaspace").put("replacement", BOUNDARY);
        node.put("prepend_scheme", "always").put("split", true);
    }

    private void model(ObjectNode model) {
        model.put("type", "Unigram").put("unk_id", Tokenizer.UNKNOWN);
        model.put("byte_fallback", fallback == Fallback.BYTES);
        ArrayNode vocabulary = model.putArray("vocab");
        SPECIAL.forEach(piece -> vocabulary.addArray().add(piece).add(0.0));
        fallbackPieces(fallback)
                .forEach(piece -> vocabulary.addArray().add(piece).add(FALLBACK_SCORE));
        for (int rank = 0; rank < words.size(); rank++) {
            vocabulary.addArray().add(words.get(rank)).add(WORD_SCORE - RANK_PENALTY * rank);
        }
    }

    private static List<String> fallbackPieces(Fallback fallback) {
        List<String> pieces = new ArrayList<>();
        switch (fallback) {
            case BYTES -> IntStream.range(0, 256).forEach(b -> pieces.add("<0x%02X>".formatted(b)));
            case ASCII -> IntStream.rangeClosed('!', '~').forEach(c -> pieces.add(Character.toString(c)));
        }
        pieces.add(BOUNDARY);
        return pieces;
    }
}
