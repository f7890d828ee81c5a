package io.wan4j.prompt;

import ai.djl.sentencepiece.SpTokenizer;

/** A tokenizer from {@code spiece.model}, run by Google's native library. Special tokens in a text are plain text. */
final class SentencePieceTokenizer implements Tokenizer {
    private final SpTokenizer tokenizer;
    private final String where;
    private boolean closed;

    private SentencePieceTokenizer(SpTokenizer tokenizer, String where) {
        this.tokenizer = tokenizer;
        this.where = where;
    }

    static Tokenizer open(byte[] model, String where) {
        SentencePieceModel.check(model, where);
        return NativeLibrary.load(where, () -> new SentencePieceTokenizer(new SpTokenizer(model), where));
    }

    @Override
    public synchronized int[] encode(String text) {
        if (closed) {
            throw new IllegalStateException(where + ": the tokenizer is closed");
        }
        return TokenIds.ended(tokenizer.getProcessor().encode(text));
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            tokenizer.close();
        }
    }
}
