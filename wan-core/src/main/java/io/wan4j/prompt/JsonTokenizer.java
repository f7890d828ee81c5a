package io.wan4j.prompt;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Map;

/** A tokenizer from {@code tokenizer.json}, run by Hugging Face's native library. */
final class JsonTokenizer implements Tokenizer {
    // The end token and the limit are this project's affair, whatever the file says about them.
    private static final Map<String, String> PLAIN =
            Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

    private final HuggingFaceTokenizer tokenizer;
    private final String where;
    private boolean closed;

    private JsonTokenizer(HuggingFaceTokenizer tokenizer, String where) {
        this.tokenizer = tokenizer;
        this.where = where;
    }

    static Tokenizer open(byte[] json, String where) {
        TokenizerJson.check(json, where);
        return NativeLibrary.load(where, () -> {
            try {
                return new JsonTokenizer(
                        HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), PLAIN), where);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Override
    public synchronized int[] encode(String text) {
        if (closed) {
            throw new IllegalStateException(where + ": the tokenizer is closed");
        }
        long[] ids;
        try {
            ids = tokenizer.encode(text, false, false).getIds();
        } catch (RuntimeException e) {
            throw NativeLibrary.damaged(where, e);
        }
        return TokenIds.ended(Arrays.stream(ids).mapToInt(Math::toIntExact).toArray());
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            tokenizer.close();
        }
    }
}
