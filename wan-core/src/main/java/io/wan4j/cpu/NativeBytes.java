package io.wan4j.cpu;

import io.wan4j.spi.Workspace;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;

/**
 * A piece of memory outside the heap, aligned to {@link Workspace#ALIGNMENT}, freed at once by {@link #close}. Views know
 * that it was freed through {@link #isOpen}.
 */
final class NativeBytes implements AutoCloseable {
    private static final MethodHandle INVOKE_CLEANER = invokeCleaner();

    private final ByteBuffer owner;
    private final ByteBuffer aligned;
    private volatile boolean open = true;

    /**
     * Takes memory from the system; its content is zero.
     *
     * @throws OutOfMemoryError if the JVM may not take as much
     */
    NativeBytes(int bytes) {
        this.owner = ByteBuffer.allocateDirect(Math.addExact(bytes, Workspace.ALIGNMENT - 1));
        int misalignment = owner.alignmentOffset(0, Workspace.ALIGNMENT);
        this.aligned = owner.slice(misalignment == 0 ? 0 : Workspace.ALIGNMENT - misalignment, bytes);
    }

    int size() {
        return aligned.capacity();
    }

    ByteBuffer slice(int offset, int bytes) {
        return aligned.slice(offset, bytes);
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
            INVOKE_CLEANER.invoke(owner);
        } catch (Throwable e) {
            throw new IllegalStateException("direct memory cannot be freed", e);
        }
    }

    /** The supported way (module jdk.unsupported) to free a direct buffer before the collector does; looked up by name because naming the class is a compiler warning. */
    private static MethodHandle invokeCleaner() {
        try {
            Class<?> unsafe = Class.forName("sun.misc.Unsafe");
            Field field = unsafe.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            return MethodHandles.lookup()
                    .findVirtual(unsafe, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class))
                    .bindTo(field.get(null));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
