package io.wan4j.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.error.CheckpointException;
import io.wan4j.prompt.TinyTokenizer.Fallback;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TokenizerTest {
    private static final TinyTokenizer TINY = new TinyTokenizer(
            List.of("\u2581a", "\u2581cat", "\u2581surf", "ing", "\u2581at", "\u2581dusk"), Fallback.BYTES);
    private static final int FIRST_BYTE = 3;
    private static final int BOUNDARY = FIRST_BYTE + 256;
    private static final int FIRST_WORD = BOUNDARY + 1;

    @TempDir
    private Path folder;

    /** The same vocabulary in both formats. */
    enum Kind {
        JSON("tokenizer.json"),
        SENTENCE_PIECE("spiece.model");

        private final String file;

        Kind(String file) {
            this.file = file;
        }

        Path write(Path folder) throws IOException {
            Path path = Files.createDirectories(folder).resolve(file);
            if (this == JSON) {
                TINY.write(path);
            } else {
                Files.write(path, SpieceBytes.of(TINY));
            }
            return path;
        }
    }

    @ParameterizedTest
    @EnumSource
    void wordsBecomeTheirIdsAndTheEndFollows(Kind kind) throws IOException {
        try (Tokenizer tokenizer = Tokenizers.open(kind.write(folder))) {
            assertThat(tokenizer.encode("a cat  surfing at dusk"))
                    .containsExactly(
                            FIRST_WORD,
                            FIRST_WORD + 1,
                            FIRST_WORD + 2,
                            FIRST_WORD + 3,
                            FIRST_WORD + 4,
                            FIRST_WORD + 5,
                            Tokenizer.EOS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void emptyTextIsOnlyTheEnd(Kind kind) throws IOException {
        try (Tokenizer tokenizer = Tokenizers.open(kind.write(folder))) {
            assertThat(tokenizer.encode("")).containsExactly(Tokenizer.EOS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void unknownTextFallsBackToItsBytes(Kind kind) throws IOException {
        try (Tokenizer tokenizer = Tokenizers.open(kind.write(folder))) {
            assertThat(tokenizer.encode("\ud83d\ude00"))
                    .containsExactly(
                            BOUNDARY,
                            FIRST_BYTE + 0xf0,
                            FIRST_BYTE + 0x9f,
                            FIRST_BYTE + 0x98,
                            FIRST_BYTE + 0x80,
                            Tokenizer.EOS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void longTextIsCutBeforeTheEnd(Kind kind) throws IOException {
        try (Tokenizer tokenizer = Tokenizers.open(kind.write(folder))) {
            assertThat(tokenizer.encode("cat ".repeat(510)).length).isEqualTo(511);
            assertThat(tokenizer.encode("cat ".repeat(511)).length).isEqualTo(512);
            int[] cut = tokenizer.encode("cat ".repeat(3000));
            assertThat(cut).hasSize(Tokenizer.MAX_TOKENS).endsWith(FIRST_WORD + 1, Tokenizer.EOS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void severalThreadsGetTheSameAnswer(Kind kind) throws Exception {
        try (Tokenizer tokenizer = Tokenizers.open(kind.write(folder))) {
            int[] expected = tokenizer.encode("a cat at dusk");
            ExecutorService threads = Executors.newFixedThreadPool(4);
            try {
                Callable<int[]> task = () -> tokenizer.encode("a cat at dusk");
                for (Future<int[]> answer : threads.invokeAll(
                        IntStream.range(0, 200).mapToObj(i -> task).toList())) {
                    assertThat(answer.get()).containsExactly(expected);
                }
            } finally {
                threads.shutdownNow();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void closedTokenizerSaysSo(Kind kind) throws IOException {
        Tokenizer tokenizer = Tokenizers.open(kind.write(folder));
        tokenizer.close();
        tokenizer.close();
        assertThatThrownBy(() -> tokenizer.encode("a"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"google/umt5-xxl", "tokenizer", "."})
    void tokenizerIsFoundInTheKnownPlaces(String place) throws IOException {
        for (Kind kind : Kind.values()) {
            Path model = folder.resolve(kind.name());
            kind.write(model.resolve(place));
            try (Tokenizer tokenizer = Tokenizers.find(model)) {
                assertThat(tokenizer.encode("cat")).containsExactly(FIRST_WORD + 1, Tokenizer.EOS);
            }
        }
    }

    @Test
    void missingTokenizerNamesWhereItWasSoughtAndTheRemedy() {
        assertThatThrownBy(() -> Tokenizers.find(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(folder.toString())
                .hasMessageContaining("google/umt5-xxl/")
                .hasMessageContaining("copy");
    }

    @Test
    void asciiFallbackMakesTheRestUnknown() throws IOException {
        TinyTokenizer ascii = new TinyTokenizer(List.of("\u2581cat"), Fallback.ASCII);
        Path file = folder.resolve("tokenizer.json");
        ascii.write(file);
        assertThat(ascii.vocabularySize())
                .isEqualTo(3 + 94 + 1 + 1)
                .isEqualTo(ascii.pieces().size());
        try (Tokenizer tokenizer = Tokenizers.open(file)) {
            int boundary = ascii.pieces().indexOf("\u2581");
            assertThat(tokenizer.encode("cat ! \u8272"))
                    .containsExactly(
                            ascii.vocabularySize() - 1,
                            boundary,
                            ascii.pieces().indexOf("!"),
                            boundary,
                            Tokenizer.UNKNOWN,
                            Tokenizer.EOS);
        }
    }

    @Test
    void repeatedWordsAreRefused() {
        assertThatThrownBy(() -> new TinyTokenizer(List.of("x", "x"), Fallback.BYTES))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new TinyTokenizer(List.of("a"), Fallback.ASCII))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void nativeLibraryIsToldToStayLocal() throws IOException {
        Tokenizers.open(Kind.JSON.write(folder)).close();
        assertThat(System.getProperty("OPT_OUT_TRACKING", System.getenv("OPT_OUT_TRACKING")))
                .isNotNull();
        assertThat(System.getProperty("RUST_FLAVOR", System.getenv("RUST_FLAVOR")))
                .isNotNull();
    }
}
