package io.wan4j.testkit.ptx;

import io.wan4j.error.DeviceException;
import java.util.Arrays;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Global memory of a simulated GPU. Addresses are never used twice and allocations never touch, so an access outside an
 * allocation, or after its release, always shows.
 */
final class DeviceMemory {
    static final long FIRST = 0x7_0000_0000L;
    private static final long GUARD = 1 << 16;

    private final TreeMap<Long, Allocation> allocations = new TreeMap<>();
    private volatile Allocation[] sorted = new Allocation[0];
    private final long limit;
    private long next = FIRST;
    private long used;
    private long peak;
    private long count;

    DeviceMemory(long limit) {
        this.limit = limit;
    }

    synchronized long allocate(long bytes, boolean readOnly) {
        if (bytes < 1) {
            throw new IllegalArgumentException("allocation of " + bytes + " bytes");
        }
        if (used + bytes > limit) {
            throw new DeviceException("simulated device memory: expected " + bytes + " free bytes, got "
                    + (limit - used) + " of " + limit);
        }
        Allocation allocation = new Allocation(next, bytes, readOnly);
        next = Layout.align(next + bytes + GUARD, 1024);
        allocations.put(allocation.base, allocation);
        used += bytes;
        peak = Math.max(peak, used);
        count++;
        sorted = allocations.values().toArray(new Allocation[0]);
        return allocation.base;
    }

    synchronized void free(long address) {
        Allocation allocation = allocations.remove(address);
        if (allocation == null) {
            throw new IllegalArgumentException("free of 0x" + Long.toHexString(address) + ", which is no allocation");
        }
        allocation.freed = true;
        used -= allocation.bytes();
        sorted = allocations.values().toArray(new Allocation[0]);
    }

    synchronized long used() {
        return used;
    }

    synchronized long peak() {
        return peak;
    }

    long limit() {
        return limit;
    }

    int live() {
        return sorted.length;
    }

    synchronized long everAllocated() {
        return count;
    }

    /** The allocation that holds the address, or null. */
    @Nullable
    Allocation find(long address) {
        Allocation[] all = sorted;
        int low = 0;
        int high = all.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (address < all[middle].base) {
                high = middle - 1;
            } else if (address >= all[middle].end) {
                low = middle + 1;
            } else {
                return all[middle];
            }
        }
        return null;
    }

    /** Says where an address outside every allocation lies. */
    String describe(long address) {
        Allocation best = null;
        for (Allocation allocation : sorted) {
            if (best == null || distance(allocation, address) < distance(best, address)) {
                best = allocation;
            }
        }
        if (best == null) {
            return "there is no allocation";
        }
        String side = address < best.base ? " before" : " past the end of";
        return distance(best, address) + " bytes" + side + " the allocation of " + best.bytes() + " bytes at 0x"
                + Long.toHexString(best.base);
    }

    private static long distance(Allocation allocation, long address) {
        return address < allocation.base ? allocation.base - address : address - allocation.end;
    }

    private interface Piece {
        void apply(Allocation.Page page, int at, int done, int bytes);
    }

    void write(long address, byte[] source, int from, int bytes) {
        pieces(address, bytes, (page, at, done, n) -> {
            System.arraycopy(source, from + done, page.data, at, n);
            Arrays.fill(page.written, at, at + n, (byte) 1);
        });
    }

    void read(long address, byte[] target, int from, int bytes) {
        pieces(address, bytes, (page, at, done, n) -> System.arraycopy(page.data, at, target, from + done, n));
    }

    void fill(long address, byte value, long bytes) {
        for (long done = 0; done < bytes; done += Allocation.PAGE) {
            pieces(address + done, (int) Math.min(Allocation.PAGE, bytes - done), (page, at, before, n) -> {
                Arrays.fill(page.data, at, at + n, value);
                Arrays.fill(page.written, at, at + n, (byte) 1);
            });
        }
    }

    void forget(long address, long bytes) {
        Allocation allocation = require(address, bytes);
        long done = 0;
        while (done < bytes) {
            long offset = address + done - allocation.base;
            int at = (int) (offset & (Allocation.PAGE - 1));
            int n = (int) Math.min(bytes - done, Allocation.PAGE - at);
            if (allocation.isTouched((int) (offset >> Allocation.PAGE_BITS))) {
                Arrays.fill(allocation.page(offset).written, at, at + n, (byte) 0);
            }
            done += n;
        }
    }

    boolean isWritten(long address, int bytes) {
        boolean[] all = {true};
        pieces(address, bytes, (page, at, done, n) -> all[0] &= Bytes.allMarked(page.written, at, n));
        return all[0];
    }

    /** Copies bytes together with their marks of having been written. */
    void copy(long target, long source, long bytes) {
        byte[] data = new byte[(int) Math.min(bytes, Allocation.PAGE)];
        byte[] marks = new byte[data.length];
        for (long done = 0; done < bytes; done += data.length) {
            int n = (int) Math.min(data.length, bytes - done);
            pieces(source + done, n, (page, at, before, m) -> {
                System.arraycopy(page.data, at, data, before, m);
                System.arraycopy(page.written, at, marks, before, m);
            });
            pieces(target + done, n, (page, at, before, m) -> {
                System.arraycopy(data, before, page.data, at, m);
                System.arraycopy(marks, before, page.written, at, m);
            });
        }
    }

    private Allocation require(long address, long bytes) {
        Allocation allocation = find(address);
        if (allocation == null || address + bytes > allocation.end) {
            throw new DeviceException("simulated device memory: expected " + bytes + " bytes at 0x"
                    + Long.toHexString(address) + ", got an access outside: "
                    + describe(allocation == null ? address : address + bytes));
        }
        return allocation;
    }

    private void pieces(long address, int bytes, Piece piece) {
        if (bytes == 0) {
            return;
        }
        Allocation allocation = require(address, bytes);
        int done = 0;
        while (done < bytes) {
            long offset = address + done - allocation.base;
            int at = (int) (offset & (Allocation.PAGE - 1));
            int n = Math.min(bytes - done, Allocation.PAGE - at);
            piece.apply(allocation.page(offset), at, done, n);
            done += n;
        }
    }
}
