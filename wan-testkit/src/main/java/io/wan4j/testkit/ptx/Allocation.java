package io.wan4j.testkit.ptx;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** One allocation of device memory; its pages come into being when first written. */
final class Allocation {
    static final int PAGE_BITS = 20;
    static final int PAGE = 1 << PAGE_BITS;

    final long base;
    final long end;
    final boolean readOnly;
    volatile boolean freed;
    private final AtomicReferenceArray<@Nullable Page> pages;

    static final class Page {
        final byte[] data;
        final byte[] written;

        Page(int bytes) {
            data = new byte[bytes];
            written = new byte[bytes];
        }
    }

    Allocation(long base, long bytes, boolean readOnly) {
        this.base = base;
        this.end = base + bytes;
        this.readOnly = readOnly;
        this.pages = new AtomicReferenceArray<>((int) ((bytes + PAGE - 1) >> PAGE_BITS));
    }

    long bytes() {
        return end - base;
    }

    boolean holds(long address, int width) {
        return address >= base && address + width <= end;
    }

    boolean isTouched(int index) {
        return pages.get(index) != null;
    }

    Page page(long offset) {
        int index = (int) (offset >> PAGE_BITS);
        Page page = pages.get(index);
        return page != null ? page : create(index);
    }

    private synchronized Page create(int index) {
        Page page = pages.get(index);
        if (page == null) {
            // room for an 8-byte view of the last bytes
            page = new Page((int) Math.min(PAGE, bytes() - ((long) index << PAGE_BITS)) + 8);
            pages.set(index, page);
        }
        return page;
    }
}
