package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.error.DeviceException;
import io.wan4j.spi.Slot;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.util.function.Consumer;

/**
 * A slot of the ring for streamed blocks: one range of addresses, which grows to the largest block it has held. Copies go
 * into the stream for transfers; two events keep the order with the kernels, so that neither thread waits for the device.
 */
final class CudaSlot implements Slot {
    private final CudaDriver driver;
    private final CommittedRange range;
    private final Lanes lanes;
    private final Hooks hooks;
    private final long copied;
    private final long free;
    private long taken;
    private volatile boolean closed;

    /**
     * The two streams.
     *
     * @param compute of the kernels
     * @param transfer of the copies
     */
    record Lanes(long compute, long transfer) {}

    /**
     * What the owner does.
     *
     * @param enter before the driver is called
     * @param placer copies a weight in the transfer stream
     * @param closed when the slot was closed
     */
    record Hooks(Runnable enter, Placer placer, Consumer<CudaSlot> closed) {}

    /** Brings a weight into a slot. */
    interface Placer {
        Weight place(StoredWeight stored, WeightRole role, CudaSlot slot);
    }

    CudaSlot(CudaDriver driver, CommittedRange range, Lanes lanes, Hooks hooks) {
        this.driver = driver;
        this.range = range;
        this.lanes = lanes;
        this.hooks = hooks;
        this.copied = driver.createEvent();
        this.free = driver.createEvent();
    }

    /** Whether an address is in the range of this slot. */
    boolean contains(long address) {
        return range.contains(address);
    }

    private void enter() {
        if (closed) {
            throw new DeviceException("streamed block: the device was closed meanwhile");
        }
        hooks.enter().run();
    }

    @Override
    public synchronized void refill() {
        enter();
        driver.waitForEvent(lanes.transfer(), free);
        taken = 0;
    }

    @Override
    public synchronized void filled() {
        enter();
        driver.recordEvent(copied, lanes.transfer());
    }

    @Override
    public synchronized void use() {
        enter();
        driver.waitForEvent(lanes.compute(), copied);
    }

    @Override
    public synchronized void used() {
        enter();
        driver.recordEvent(free, lanes.compute());
    }

    @Override
    public Tensor allocate(Shape shape, Format format) {
        enter();
        long count = Math.multiplyExact(shape.count(), (long) format.bytes());
        return Tensor.of(shape, format, storage(count, 0, shape + " " + format));
    }

    /** Memory of this slot under no shape yet. */
    DeviceStorage storage(long count, int pitch, String what) {
        long rounded =
                Math.max(1, (count + CudaArena.ALIGNMENT - 1) / CudaArena.ALIGNMENT) * (long) CudaArena.ALIGNMENT;
        range.reach(taken + rounded, what);
        long start = range.base() + taken;
        taken += rounded;
        return new DeviceStorage(start, count, pitch);
    }

    @Override
    public Weight place(StoredWeight stored, WeightRole role) {
        enter();
        return hooks.placer().place(stored, role, this);
    }

    @Override
    public long bytes() {
        return range.committed();
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        hooks.closed().accept(this);
        hooks.enter().run();
        range.close();
        driver.destroyEvent(copied);
        driver.destroyEvent(free);
    }
}
