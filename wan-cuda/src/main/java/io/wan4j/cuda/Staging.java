package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.cuda.driver.PinnedMemory;
import io.wan4j.error.DeviceException;
import java.nio.ByteBuffer;

/**
 * A ring of page-locked buffers through which host memory travels: while some are copied by the device, the next is
 * filled. All copies are ordered with what else is in one stream. Used by one thread at a time.
 */
final class Staging implements AutoCloseable {
    private final CudaDriver driver;
    private final long stream;
    private final int bytes;
    private final Buffer[] buffers;
    private int next;
    private boolean closed;

    private record Buffer(PinnedMemory memory, long event) {}

    /** Fills a part of a page-locked buffer, from its start. */
    interface Filler {
        /** Writes the bytes {@code from} to {@code from + count} of the whole to {@code target}. */
        void fill(long from, int count, ByteBuffer target);
    }

    /** {@code count} buffers of {@code bytes} each. */
    Staging(CudaDriver driver, long stream, int bytes, int count) {
        this.driver = driver;
        this.stream = stream;
        this.bytes = bytes;
        this.buffers = new Buffer[count];
        for (int i = 0; i < buffers.length; i++) {
            buffers[i] = new Buffer(driver.allocatePinned(bytes), driver.createEvent());
            driver.recordEvent(buffers[i].event(), stream);
        }
    }

    /** Brings {@code count} bytes to the device in pieces of a multiple of {@code unit}; the copies may be under way. */
    void upload(long device, long count, int unit, Filler filler) {
        if (closed) {
            throw new DeviceException("copy to the device: it was closed meanwhile");
        }
        int piece = bytes / unit * unit;
        for (long done = 0; done < count; done += piece) {
            int part = (int) Math.min(piece, count - done);
            Buffer buffer = buffers[next];
            next = (next + 1) % buffers.length;
            driver.synchronizeEvent(buffer.event());
            filler.fill(done, part, buffer.memory().bytes().duplicate().order(java.nio.ByteOrder.LITTLE_ENDIAN));
            driver.copyToDevice(device + done, buffer.memory().address(), part, stream);
            driver.recordEvent(buffer.event(), stream);
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
            PinnedMemory memory = buffers[0].memory();
            driver.copyToHost(memory.address(), device + done, part, stream);
            driver.synchronizeStream(stream);
            target.put(start + (int) done, memory.bytes(), 0, part);
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Buffer buffer : buffers) {
            driver.synchronizeEvent(buffer.event());
            driver.destroyEvent(buffer.event());
            driver.freePinned(buffer.memory());
        }
    }
}
