package io.wan4j.cpu;

import io.wan4j.spi.Workspace;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;

/**
 * A piece of memory outside the heap, aligned to {@link Workspace#ALIGNMENT}, freed at once by {@link #close}. Views know
 * that it was freed through {@link #isOpen}.
 */
final class NativeBytes implements AutoCloseable {
    private static final Source SOURCE = Runtime.version().feature() < 22 ? new DirectSource() : new ForeignSource();

    private final Piece piece;
    private volatile boolean open = true;

    /**
     * Memory and the way to free it.
     *
     * @param aligned the bytes
     * @param owner what {@link Source#free} takes
     */
    private record Piece(ByteBuffer aligned, Object owner) {}

    /** Where memory comes from. The code compiles for Java 17, so both ways look up their methods by name. */
    private interface Source {
        Piece take(int bytes) throws ReflectiveOperationException;

        void free(Object owner) throws ReflectiveOperationException;
    }

    /**
     * Takes memory from the system; its content is zero.
     *
     * @throws OutOfMemoryError if the JVM may not take as much
     */
    NativeBytes(int bytes) {
        try {
            this.piece = SOURCE.take(bytes);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof OutOfMemoryError full) {
                throw full;
            }
            throw new IllegalStateException("memory outside the heap cannot be taken", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("memory outside the heap cannot be taken", e);
        }
    }

    int size() {
        return piece.aligned().capacity();
    }

    ByteBuffer slice(int offset, int bytes) {
        return piece.aligned().slice(offset, bytes);
    }

    boolean isOpen() {
        return open;
    }

    @Override
    public void close() {
        if (!open) {
            return;
        }
        open = false;
        try {
            SOURCE.free(piece.owner());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("memory outside the heap cannot be freed", e);
        }
    }

    /** Direct buffers and the cleaner of module jdk.unsupported: the way up to Java 21. */
    private static final class DirectSource implements Source {
        private final Object unsafe;
        private final Method invokeCleaner;

        DirectSource() {
            try {
                Class<?> type = Class.forName("sun.misc.Unsafe");
                Field field = type.getDeclaredField("theUnsafe");
                field.setAccessible(true);
                this.unsafe = field.get(null);
                this.invokeCleaner = type.getMethod("invokeCleaner", ByteBuffer.class);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("module jdk.unsupported: expected sun.misc.Unsafe.invokeCleaner", e);
            }
        }

        @Override
        public Piece take(int bytes) {
            ByteBuffer owner = ByteBuffer.allocateDirect(Math.addExact(bytes, Workspace.ALIGNMENT - 1));
            int misalignment = owner.alignmentOffset(0, Workspace.ALIGNMENT);
            return new Piece(owner.slice(misalignment == 0 ? 0 : Workspace.ALIGNMENT - misalignment, bytes), owner);
        }

        @Override
        public void free(Object owner) throws ReflectiveOperationException {
            invokeCleaner.invoke(unsafe, owner);
        }
    }

    /** A shared arena of {@code java.lang.foreign} for each piece, which also refuses access after it is closed. */
    private static final class ForeignSource implements Source {
        private final Method ofShared;
        private final Method allocate;
        private final Method asByteBuffer;
        private final Method close;

        ForeignSource() {
            try {
                Class<?> arena = Class.forName("java.lang.foreign.Arena");
                this.ofShared = arena.getMethod("ofShared");
                this.allocate = arena.getMethod("allocate", long.class, long.class);
                this.close = arena.getMethod("close");
                this.asByteBuffer =
                        Class.forName("java.lang.foreign.MemorySegment").getMethod("asByteBuffer");
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("expected java.lang.foreign as of Java 22", e);
            }
        }

        @Override
        public Piece take(int bytes) throws ReflectiveOperationException {
            Object arena = ofShared.invoke(null);
            try {
                Object segment = allocate.invoke(arena, (long) bytes, (long) Workspace.ALIGNMENT);
                return new Piece((ByteBuffer) asByteBuffer.invoke(segment), arena);
            } catch (ReflectiveOperationException e) {
                close.invoke(arena);
                throw e;
            }
        }

        @Override
        public void free(Object owner) throws ReflectiveOperationException {
            close.invoke(owner);
        }
    }
}
