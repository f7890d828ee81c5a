package io.wan4j.onednn;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import io.wan4j.error.DeviceException;
import io.wan4j.tensor.JavaCppLimits;
import org.jspecify.annotations.Nullable;

/**
 * Memory outside the Java heap. Blocks start on page boundaries; those of some megabytes ask for huge pages, without
 * which a large product spends much of its time on address translation.
 */
final class NativeHeap {
    private static final long HUGE = 2L << 20;
    private static final long PAGE = 4096;
    private static final int ADVICE_NOT_NEEDED = 4;
    private static final int ADVICE_HUGE_PAGES = 14;

    /** A block of memory and what malloc gave for it. */
    record Block(org.bytedeco.javacpp.Pointer raw, long address, long bytes) {
        void free() {
            org.bytedeco.javacpp.Pointer.free(raw);
        }
    }

    private static final class Holder {
        static final @Nullable Function ADVISE = find();

        private static @Nullable Function find() {
            try {
                return NativeLibrary.getInstance("c").getFunction("madvise");
            } catch (LinkageError | RuntimeException e) {
                return null;
            }
        }
    }

    static {
        JavaCppLimits.lift();
    }

    private NativeHeap() {}

    /** A block of at least this many bytes with undefined content; pages are taken from the system when touched. */
    static Block allocate(long bytes) {
        Block block = tryAllocate(bytes);
        if (block == null) {
            throw DeviceException.outOfMemory("onednn: expected " + bytes + " bytes of memory, the system refused them;"
                    + " close other programs or lower the memory limit");
        }
        return block;
    }

    /** Like {@link #allocate}, or null if the system refuses. */
    static @Nullable Block tryAllocate(long bytes) {
        long alignment = bytes >= 2 * HUGE ? HUGE : PAGE;
        org.bytedeco.javacpp.Pointer raw = org.bytedeco.javacpp.Pointer.malloc(Math.max(bytes, 1) + alignment);
        if (raw == null || raw.isNull()) {
            return null;
        }
        long address = (Address.of(raw) + alignment - 1) / alignment * alignment;
        if (alignment == HUGE) {
            advise(address, bytes, ADVICE_HUGE_PAGES);
        }
        return new Block(raw, address, bytes);
    }

    /** Gives the pages inside this range back to the system; their content is lost. */
    static void release(long address, long bytes) {
        long from = (address + PAGE - 1) / PAGE * PAGE;
        advise(from, address + bytes - from, ADVICE_NOT_NEEDED);
    }

    private static void advise(long address, long bytes, int advice) {
        long length = bytes / PAGE * PAGE;
        if (Holder.ADVISE != null && length > 0) {
            Holder.ADVISE.invokeInt(new Object[] {new Pointer(address), length, advice});
        }
    }
}
