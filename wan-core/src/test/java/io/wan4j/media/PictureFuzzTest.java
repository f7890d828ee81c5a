package io.wan4j.media;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the bytes: a picture or the documented exception, and no more memory than a few times the limit. */
final class PictureFuzzTest {
    private static final int LIMIT = 1_000_000;
    /** Samples, their copy in an image of up to 8 bytes a pixel, and room for tables of the decoders. */
    private static final long MEMORY = 24L * LIMIT + (32 << 20);

    private static boolean survives(byte[] file) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        boolean read = false;
        try {
            Picture picture = new PictureReader("fuzz", LIMIT).read(file);
            assertThat(picture.size().pixels()).isLessThanOrEqualTo(LIMIT);
            read = true;
        } catch (IllegalArgumentException expected) {
            assertThat(expected)
                    .hasMessageStartingWith("picture fuzz: expected ")
                    .hasMessageContaining(", got ");
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before)
                .as("bytes allocated for a file of %d", file.length)
                .isLessThan(MEMORY);
        return read;
    }

    @FuzzTest(maxDuration = "30s")
    void anyBytesGiveAPictureOrTheDocumentedException(byte[] file) {
        survives(file);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void damagedPicturesOfEveryKindGiveThePictureOrTheDocumentedException(long seed) throws IOException {
        Random random = new Random(seed);
        int read = 0;
        int tried = 0;
        for (Map.Entry<String, byte[]> kind : PictureFiles.all().entrySet()) {
            for (int i = 0; i < 60; i++) {
                byte[] file = damage(kind.getValue(), random);
                try {
                    read += survives(file) ? 1 : 0;
                } catch (Throwable e) {
                    throw new AssertionError(
                            "seed " + seed + ", " + kind.getKey() + " damaged the " + i + "th time: "
                                    + Arrays.toString(file),
                            e);
                }
                tried++;
            }
        }
        assertThat(read).as("pictures read in spite of damage, of %d", tried).isBetween(1, tried - 1);
    }

    private static byte[] damage(byte[] whole, Random random) {
        byte[] file = random.nextInt(4) == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
        for (int hits = random.nextInt(4); hits >= 0 && file.length > 0; hits--) {
            int at = random.nextBoolean() ? random.nextInt(file.length) : random.nextInt(Math.min(64, file.length));
            int value = random.nextInt(4) == 0 ? 0xff : random.nextInt(256);
            file[at] = (byte) value;
        }
        return file;
    }

    @Test
    void everyKindItselfIsRead() throws IOException {
        PictureFiles.all()
                .forEach((name, file) -> assertThat(survives(file)).as(name).isTrue());
    }
}
