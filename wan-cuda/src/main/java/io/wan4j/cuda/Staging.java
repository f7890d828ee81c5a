package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.cuda.driver.PinnedMemory;
import java.nio.ByteBuffer;

/**
 * Two page-locked buffers through which host memory travels: while one is copied by the device, the other is filled. All
 * copies are ordered with what else is in one stream. Used by one thread at a time.
 */
final class Staging implements AutoCloseable {
    private final CudaDriver driver;
    private final long stream;
    private final int bytes;
    private final Slot[] slots;
    private int next;

    private record Slot(PinnedMemory memory, long event) {}

    /** Fills a part of a page-locked buffer, from its start. */
    interface Filler {
        /** Writes the bytes {@code from} to {@code from + count} of the whole to {@code target}. */
        void fill(long from, int count, ByteBuffer target);
    }

    Staging(CudaDriver driver, long stream, int bytes) {
        this.driver = driver;
        this.stream = stream;
        this.bytes = bytes;
        this.slots = new Slot[2];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = new Slot(driver.allocatePinned(bytes), driver.createEvent());
            driver.recordEvent(slots[i].event(), stream);
        }
    }

    /** Brings {@code count} bytes to the device in pieces of a multiple of {@code unit}; the copies may be under way. */
    void upload(long device, long count, int unit, Filler filler) {
        int piece = bytes / unit * unit;
        for (long done = 0; done < count; done += piece) {
            int part = (int) Math.min(piece, count - done);
            Slot slot = slots[next];
            next = 1 - next;
            driver.synchronizeEvent(slot.event());
            filler.fill(done, part, slot.memory().bytes().duplicate().order(java.nio.ByteOrder.LITTLE_ENDIAN));
            driver.copyToDevice(device + done, slot.memory().address(), part, stream);
            driver.recordEvent(slot.event(), stream);
        }
    }

    /** Brings host bytes to the device; they have left {@code source} when this returns. */
    void upload(long device, ByteBuffer source, long count) {
        int start = source.position();
        upload(device, count, 1, (from, part, target) -> target.put(0, source, start + (int) from, part));
    }

    /** Waits until all that was brought is on the device. */
    void await() {
        driver.synchronizeStream(stream);
    }

    /** Brings device bytes to the host; done when this returns. */
    void download(long device, ByteBuffer target, long count) {
        int start = target.position();
        for (long done = 0; done < count; done += bytes) {
            int part = (int) Math.min(bytes, count - done);
            PinnedMemory memory = slots[0].memory();
            driver.copyToHost(memory.address(), device + done, part, stream);
            driver.synchronizeStream(stream);
            target.put(start + (int) done, memory.bytes(), 0, part);
        }
    }

    @Override
    public void close() {
        for (Slot slot : slots) {
            driver.synchronizeEvent(slot.event());
            driver.destroyEvent(slot.event());
            driver.freePinned(slot.memory());
        }
    }
}
