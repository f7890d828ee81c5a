package io.wan4j.prompt;

import java.util.Arrays;

/** The last step of every tokenizer. */
final class TokenIds {
    private TokenIds() {}

    /** Cuts to make room for the end token, and appends it. */
    static int[] ended(int[] ids) {
        int kept = Math.min(ids.length, Tokenizer.MAX_TOKENS - 1);
        int[] ended = Arrays.copyOf(ids, kept + 1);
        ended[kept] = Tokenizer.EOS;
        return ended;
    }
}
