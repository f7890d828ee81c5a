package io.wan4j.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.wan4j.error.CheckpointException;

/** Whatever the bytes: the checks before native code pass them or throw the documented exception. */
final class TokenizerFuzzTest {

    @FuzzTest(maxDuration = "30s")
    void anyBytesAreATokenizerJsonOrRefused(byte[] file) {
        passesOrRefuses(() -> TokenizerJson.check(file, "fuzz"));
    }

    @FuzzTest(maxDuration = "30s")
    void anyBytesAreASentencePieceModelOrRefused(byte[] file) {
        passesOrRefuses(() -> SentencePieceModel.check(file, "fuzz"));
    }

    @FuzzTest(maxDuration = "30s")
    void anyBytesAreNormalisationRulesOrRefused(byte[] file) {
        passesOrRefuses(() -> Charsmap.check(file, "fuzz"));
    }

    private static void passesOrRefuses(Runnable check) {
        try {
            check.run();
        } catch (CheckpointException expected) {
            assertThat(expected).hasMessageStartingWith("fuzz: expected ").hasMessageContaining(", got ");
        }
    }
}
