package io.wan4j.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.wan4j.error.CheckpointException;
import io.wan4j.prompt.TinyTokenizer.Fallback;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Damaged files must end in an exception: some of these end the whole process when native code reads them. */
final class HostileTokenizerTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final TinyTokenizer TINY =
            new TinyTokenizer(List.of("\u2581a", "\u2581cat", "\u2581A"), Fallback.BYTES);

    @TempDir
    private Path folder;

    static Stream<String> damagedJson() throws IOException {
        String good = TINY.toJson();
        return Stream.concat(
                Stream.of(
                        "",
                        "hello",
                        "{}",
                        "[]",
                        "null",
                        good.substring(0, good.length() / 2),
                        good + "x",
                        "[".repeat(100_000),
                        "{\"normalizer\":".repeat(1000),
                        good.replaceFirst("\"model\":", "\"model\":null,\"model\":")),
                Stream.of(
                        changed(root -> root.remove("model")),
                        changed(root -> root.putNull("model")),
                        changed(root -> model(root).put("type", "BPE")),
                        changed(root -> model(root).remove("type")),
                        changed(root -> model(root).putNull("unk_id")),
                        changed(root -> model(root).put("unk_id", 99_999)),
                        changed(root -> model(root).putArray("vocab")),
                        changed(root -> model(root)
                                .withArray("vocab")
                                .insertArray(0)
                                .add("x")
                                .add(0.0)),
                        changed(root -> model(root)
                                .withArray("vocab")
                                .addArray()
                                .add("")
                                .add(0.0)),
                        changed(root -> model(root)
                                .withArray("vocab")
                                .addArray()
                                .add("y")
                                .add(1e300)),
                        changed(root -> model(root)
                                .withArray("vocab")
                                .addArray()
                                .add("y")
                                .add("z")),
                        changed(root -> model(root).withArray("vocab").add("y")),
                        changed(root -> root.putObject("normalizer").put("type", "Precompiled")),
                        changed(root -> rules(root, "!!!")),
                        changed(root -> rules(root, "AAAA")),
                        changed(root -> rules(root, "AAB=")),
                        changed(root -> root.putObject("normalizer").put("precompiled_charsmap", 5)),
                        changed(root -> root.putObject("normalizer").put("type", "Nonsense")),
                        changed(root -> root.putObject("pre_tokenizer").put("type", "Split")),
                        changed(root -> root.putObject("normalizer")
                                .put("type", "Replace")
                                .put("content", "")
                                .putObject("pattern")
                                .put("Regex", "(a+)+$")),
                        changed(root -> root.putObject("pre_tokenizer")
                                .put("type", "Metaspace")
                                .put("replacement", 1))));
    }

    private static ObjectNode model(ObjectNode root) {
        return (ObjectNode) root.get("model");
    }

    private static void rules(ObjectNode root, String base64) {
        root.putObject("normalizer").put("type", "Precompiled").put("precompiled_charsmap", base64);
    }

    private static String changed(Consumer<ObjectNode> change) throws IOException {
        ObjectNode root = (ObjectNode) MAPPER.readTree(TINY.toJson());
        change.accept(root);
        return root.toString();
    }

    @ParameterizedTest
    @MethodSource("damagedJson")
    void damagedJsonIsRefused(String json) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> JsonTokenizer.open(bytes, "file.json"))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("file.json");
    }

    static Stream<byte[]> damagedModels() {
        byte[] good = SpieceBytes.of(TINY);
        byte[] unendingNumber = new byte[20];
        Arrays.fill(unendingNumber, (byte) 0xff);
        ByteArrayOutputStream otherKind = new ByteArrayOutputStream();
        otherKind.writeBytes(good);
        ByteArrayOutputStream trainer = new ByteArrayOutputStream();
        SpieceBytes.number(trainer, 3, 2);
        SpieceBytes.field(otherKind, 2, trainer.toByteArray());
        ByteArrayOutputStream noPieces = new ByteArrayOutputStream();
        SpieceBytes.field(noPieces, 2, new byte[0]);
        return Stream.of(
                new byte[0],
                "hello".getBytes(StandardCharsets.UTF_8),
                Arrays.copyOf(good, good.length / 2),
                unendingNumber,
                new byte[] {10, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7},
                otherKind.toByteArray(),
                noPieces.toByteArray(),
                SpieceBytes.of(TINY, new byte[] {1, 2, 3}),
                SpieceBytes.of(TINY, CharsmapBytes.of(new int[256], "")));
    }

    @ParameterizedTest
    @MethodSource("damagedModels")
    void damagedSentencePieceModelIsRefused(byte[] model) {
        assertThatThrownBy(() -> Tokenizers.sentencePiece(model, "spiece.model"))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("spiece.model");
    }

    @Test
    void soundRulesAreAppliedByBothLibraries() throws IOException {
        int[] expected = {3 + 256 + 3, Tokenizer.EOS};
        byte[] rules = CharsmapBytes.valid();
        String json = changed(root -> rules(root, Base64.getEncoder().encodeToString(rules)));
        try (Tokenizer tokenizer = JsonTokenizer.open(json.getBytes(StandardCharsets.UTF_8), "json")) {
            assertThat(tokenizer.encode("\uff21")).containsExactly(expected);
        }
        try (Tokenizer tokenizer = Tokenizers.sentencePiece(SpieceBytes.of(TINY, rules), "model")) {
            assertThat(tokenizer.encode("\uff21")).containsExactly(expected);
        }
    }

    static Stream<Map.Entry<String, byte[]>> wildRules() {
        Map<String, byte[]> rules = new LinkedHashMap<>();
        rules.put("root leaves the table", CharsmapBytes.of(with(0, 0x7fff << 10), "A\0"));
        rules.put("child leaves the table", CharsmapBytes.of(with(256 ^ 0xef, 0xffff << 10 | 0xef), "A\0"));
        rules.put("text beyond the end", CharsmapBytes.of(with(1024, Integer.MIN_VALUE | 7), "A\0"));
        rules.put("text inside a character", CharsmapBytes.of(with(1024, Integer.MIN_VALUE | 1), "\u00e9\0"));
        rules.put("text without end", CharsmapBytes.of(CharsmapBytes.units(), "A"));
        rules.put("no texts", CharsmapBytes.of(CharsmapBytes.units(), ""));
        rules.put("half a block", CharsmapBytes.of(Arrays.copyOf(CharsmapBytes.units(), 1100), "A\0"));
        rules.put(
                "huge table",
                ByteBuffer.wrap(CharsmapBytes.valid()).putInt(0, -1).array());
        byte[] noUtf8 = CharsmapBytes.valid();
        noUtf8[noUtf8.length - 2] = (byte) 0xff;
        rules.put("no UTF-8", noUtf8);
        return rules.entrySet().stream();
    }

    private static int[] with(int index, int unit) {
        int[] units = CharsmapBytes.units();
        units[index] = unit;
        return units;
    }

    @ParameterizedTest
    @MethodSource("wildRules")
    void rulesThatLeadOutOfTheirTableAreRefused(Map.Entry<String, byte[]> row) {
        assertThatThrownBy(() -> Charsmap.check(row.getValue(), row.getKey()))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(row.getKey());
    }

    @Test
    void randomlyDamagedFilesAreRefusedOrWork() throws IOException {
        long seed = 17;
        Random random = new Random(seed);
        byte[] rules = CharsmapBytes.valid();
        byte[] json = changed(root -> rules(root, Base64.getEncoder().encodeToString(rules)))
                .getBytes(StandardCharsets.UTF_8);
        byte[] model = SpieceBytes.of(TINY, rules);
        for (int round = 0; round < 400; round++) {
            byte[] damagedJson = damaged(json, random);
            byte[] damagedModel = damaged(model, random);
            openAndUse(() -> JsonTokenizer.open(damagedJson, "json"));
            openAndUse(() -> Tokenizers.sentencePiece(damagedModel, "model"));
        }
    }

    private static byte[] damaged(byte[] good, Random random) {
        byte[] bytes = good.clone();
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    private static void openAndUse(Supplier<Tokenizer> open) {
        try (Tokenizer tokenizer = open.get()) {
            assertThat(tokenizer.encode("a cat \uff21 \u8272")).endsWith(Tokenizer.EOS);
        } catch (CheckpointException e) {
            assertThat(e).hasMessageContaining("expected");
        }
    }

    @Test
    void tooLargeFileIsRefusedUnread() throws IOException {
        Path file = folder.resolve("tokenizer.json");
        try (var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[1]), 1L << 40);
        }
        assertThat(Files.size(file)).isGreaterThan(1L << 40);
        assertThatThrownBy(() -> Tokenizers.open(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("at most");
    }
}
