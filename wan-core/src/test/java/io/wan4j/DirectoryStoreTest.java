package io.wan4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.scheduler.SchedulerState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryStoreTest {
    private static final Fingerprint MINE = new Fingerprint(Map.of("prompt", "a cat", "seed", "1"));

    private static float[] never() {
        throw new AssertionError("computed although it was kept");
    }

    @TempDir
    private Path folder = Path.of("");

    @Test
    void whatWasKeptComesBackBitForBit() {
        float[] values = {1f, -0f, Float.MIN_VALUE, Float.NaN, 3e38f};
        try (DirectoryStore store = DirectoryStore.open(folder, MINE)) {
            assertThat(store.get("text", () -> values)).isSameAs(values);
        }
        try (DirectoryStore store = DirectoryStore.open(folder, MINE)) {
            assertThat(bits(store.get("text", DirectoryStoreTest::never))).isEqualTo(bits(values));
        }
    }

    @Test
    void stepsComeBackWithTheSchedulersMemory() {
        float[] latents = {1, 2, 3};
        SchedulerState state = new SchedulerState(3, List.of(new float[] {4, 5, 6}, new float[] {7, 8, 9}));
        try (DirectoryStore store = DirectoryStore.open(folder, MINE)) {
            assertThat(store.steps()).isEmpty();
            store.save(new StageStore.SavedSteps(new float[3], new SchedulerState(2, List.of())));
            store.save(new StageStore.SavedSteps(latents, state));
            StageStore.SavedSteps saved = store.steps().orElseThrow();
            assertThat(saved.latents()).containsExactly(latents);
            assertThat(saved.scheduler().nextStep()).isEqualTo(3);
            assertThat(saved.scheduler().history().get(1)).containsExactly(7, 8, 9);
        }
    }

    @Test
    void folderOfAnotherRequestIsRefusedAndKept() {
        try (DirectoryStore store = DirectoryStore.open(folder, MINE)) {
            store.get("text", () -> new float[] {1});
        }
        Fingerprint other = new Fingerprint(Map.of("prompt", "a dog", "seed", "1"));
        assertThatThrownBy(() -> DirectoryStore.open(folder, other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("prompt is \"a dog\" here and \"a cat\" there")
                .hasMessageNotContaining("seed");
        try (DirectoryStore store = DirectoryStore.open(folder, MINE)) {
            assertThat(store.get("text", DirectoryStoreTest::never)).containsExactly(1);
        }
    }

    @Test
    void folderInUseIsRefused() {
        try (DirectoryStore store = DirectoryStore.open(folder, MINE)) {
            assertThat(store.steps()).isEmpty();
            assertThatThrownBy(() -> DirectoryStore.open(folder, MINE))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("uses it");
        }
    }

    @Test
    void damagedFilesAreComputedAgain() throws IOException {
        long seed = 11;
        Random random = new Random(seed);
        float[] values = {1, 2, 3, 4, 5, 6, 7, 8};
        try (DirectoryStore store = DirectoryStore.open(folder, MINE)) {
            store.get("text", () -> values);
        }
        Path file = folder.resolve("text.safetensors");
        byte[] sound = Files.readAllBytes(file);
        for (int length = 0; length < sound.length; length += 7) {
            Files.write(file, Arrays.copyOf(sound, length));
            assertComputesAgain(file, sound);
        }
        for (int trial = 0; trial < 40; trial++) {
            byte[] damaged = sound.clone();
            damaged[sound.length - 1 - random.nextInt(Float.BYTES * values.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, damaged);
            assertComputesAgain(file, sound);
        }
    }

    private void assertComputesAgain(Path file, byte[] sound) throws IOException {
        float[] again = {1, 2, 3, 4, 5, 6, 7, 8};
        try (DirectoryStore store = DirectoryStore.open(folder, MINE)) {
            assertThat(store.get("text", () -> again)).isSameAs(again);
        }
        assertThat(Files.readAllBytes(file)).isEqualTo(sound);
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }
}
