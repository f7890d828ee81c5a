package io.wan4j.prompt;

/**
 * Turns a cleaned prompt into umT5's token ids. Open one with {@link Tokenizers}. May be used by several threads;
 * {@link #close()} frees native memory.
 */
public interface Tokenizer extends AutoCloseable {
    /** Id that the encoder pads with; never in what {@link #encode} answers. */
    int PAD = 0;

    /** Id that ends every prompt. */
    int EOS = 1;

    /** Id of what the vocabulary does not cover. */
    int UNKNOWN = 2;

    /** Longest answer, {@link #EOS} included; what Wan was trained with. */
    int MAX_TOKENS = 512;

    /**
     * Ids of the text, cut to {@link #MAX_TOKENS}, the last is {@link #EOS}. Empty text gives only that. Not padded:
     * padding does not change what the encoder answers for real tokens.
     *
     * @throws IllegalStateException after {@link #close()}
     */
    int[] encode(String text);

    /** Frees native memory; further calls do nothing. */
    @Override
    void close();
}
