package io.wan4j.cpu;

import io.wan4j.error.DeviceException;
import io.wan4j.error.UnsupportedException;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Memory;
import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.HostStorage;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * Memory of the JVM's process, outside the heap. Arenas free when they are closed, the workspace when its outermost
 * scope ends. Weights stay in the checkpoint's mapped pages, which count neither as held nor against the limit.
 *
 * <p>The workspace is for one thread at a time. Arenas may be opened, filled and closed by another thread meanwhile, as
 * streamed weights are.
 */
public final class HostMemory implements Memory, AutoCloseable {
    private static final String DIRECT_LIMIT = "-XX:MaxDirectMemorySize=";

    private final long limit;
    private final HostWorkspace workspace = new HostWorkspace(this);
    private final List<HostArena> arenas = new ArrayList<>();
    private long inArenas;

    /** Memory with a limit in bytes; without one, what the JVM allows itself outside the heap. */
    public HostMemory(OptionalLong limit) {
        this.limit = limit.orElseGet(HostMemory::directMemory);
    }

    @Override
    public synchronized Arena arena() {
        HostArena arena = new HostArena(this);
        arenas.add(arena);
        return arena;
    }

    @Override
    public Workspace workspace() {
        return workspace;
    }

    @Override
    public boolean isHost() {
        return true;
    }

    @Override
    public void upload(ByteBuffer source, Tensor target) {
        bytes(target).put(0, source, source.position(), Math.toIntExact(target.bytes()));
    }

    @Override
    public void download(Tensor source, ByteBuffer target) {
        target.put(target.position(), bytes(source), 0, Math.toIntExact(source.bytes()));
    }

    @Override
    public synchronized long available() {
        return Math.max(0, limit - inArenas - workspace.used());
    }

    @Override
    public synchronized long inArenas() {
        return inArenas;
    }

    /** Frees everything that arenas and the workspace still hold. */
    @Override
    public synchronized void close() {
        List.copyOf(arenas).forEach(HostArena::close);
        workspace.close();
    }

    /** The buffer behind a tensor on the host. */
    static ByteBuffer bytes(Tensor tensor) {
        if (tensor.storage() instanceof HostStorage host) {
            return host.buffer();
        }
        throw new DeviceException("tensor " + tensor + ": expected host memory, got "
                + tensor.storage().getClass().getSimpleName() + "; tensors of two devices were mixed");
    }

    /** Bytes of a tensor, as far as one buffer can hold them. */
    static int size(String what, Shape shape, Format format) {
        long bytes = Math.multiplyExact(shape.count(), (long) format.bytes());
        if (bytes > Integer.MAX_VALUE - Workspace.ALIGNMENT) {
            throw new UnsupportedException(what + " " + shape + " " + format
                    + ": expected less than 2 GiB for one tensor in host memory, got " + bytes
                    + " bytes; use a 16-bit or 8-bit format or a smaller size");
        }
        return (int) bytes;
    }

    /** Takes {@code take} bytes for the workspace, of which {@code counted} count against the limit. */
    NativeBytes take(String what, long counted, int take) {
        checkRoom(what, counted);
        return allocate(what, take);
    }

    /** Takes bytes for an arena. */
    NativeBytes takeForArena(String what, int bytes) {
        synchronized (this) {
            checkRoom(what, bytes);
            inArenas += bytes;
        }
        boolean taken = false;
        try {
            NativeBytes piece = allocate(what, bytes);
            taken = true;
            return piece;
        } finally {
            if (!taken) {
                arenaGave(bytes);
            }
        }
    }

    private static NativeBytes allocate(String what, int bytes) {
        try {
            return new NativeBytes(bytes);
        } catch (OutOfMemoryError e) {
            throw new DeviceException(
                    "host memory: asked for " + bytes + " bytes for " + what
                            + ", but the JVM may take no more outside the heap; " + DIRECT_LIMIT + " raises that limit",
                    e);
        }
    }

    void checkRoom(String what, long counted) {
        long free = available();
        if (counted > free) {
            throw DeviceException.outOfMemory("host memory: asked for " + counted + " bytes for " + what + ", free are "
                    + free + " of " + limit + " bytes; raise the memory limit or choose a smaller size");
        }
    }

    private synchronized void arenaGave(long bytes) {
        inArenas -= bytes;
    }

    synchronized void arenaClosed(HostArena arena, long bytes) {
        inArenas -= bytes;
        arenas.remove(arena);
    }

    /** The JVM's limit for direct buffers: its option, or else as much as the heap may have. */
    private static long directMemory() {
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (argument.startsWith(DIRECT_LIMIT)) {
                long bytes = parseSize(argument.substring(DIRECT_LIMIT.length()));
                if (bytes > 0) {
                    return bytes;
                }
            }
        }
        return Runtime.getRuntime().maxMemory();
    }

    /** Bytes of a size such as 512m, as the JVM wrote it. */
    static long parseSize(String text) {
        String size = text.toLowerCase(Locale.ROOT);
        int shift = 10 * ("kmgt".indexOf(size.charAt(size.length() - 1)) + 1);
        String digits = shift == 0 ? size : size.substring(0, size.length() - 1);
        return Long.parseLong(digits) << shift;
    }
}
