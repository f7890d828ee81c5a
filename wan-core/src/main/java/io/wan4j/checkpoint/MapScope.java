package io.wan4j.checkpoint;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.Optional;

/**
 * The life time of mapped memory. With {@code java.lang.foreign} (Java 22) it is a shared arena, which frees at once and
 * checks every access; without it the collector frees, because freeing under a live buffer would crash its reader.
 */
interface MapScope extends AutoCloseable {

    /** Maps a part of a file for as long as this scope lives. */
    ByteBuffer map(FileChannel channel, MapMode mode, long offset, long length) throws IOException;

    @Override
    void close();

    /** A new scope, the best that the runtime has. */
    static MapScope open() {
        return Foreign.METHODS.isPresent() ? new ArenaScope(Foreign.METHODS.get()) : new CollectedScope();
    }

    /** Memory that the collector unmaps. */
    final class CollectedScope implements MapScope {
        @Override
        public ByteBuffer map(FileChannel channel, MapMode mode, long offset, long length) throws IOException {
            return channel.map(mode, offset, length);
        }

        @Override
        public void close() {}
    }

    /** Memory of a shared arena. */
    final class ArenaScope implements MapScope {
        private final Foreign foreign;
        private final Object arena;

        ArenaScope(Foreign foreign) {
            this.foreign = foreign;
            try {
                this.arena = foreign.ofShared().invoke(null);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("a shared arena cannot be made", e);
            }
        }

        @Override
        public ByteBuffer map(FileChannel channel, MapMode mode, long offset, long length) throws IOException {
            try {
                Object segment = foreign.map().invoke(channel, mode, offset, length, arena);
                return (ByteBuffer) foreign.asByteBuffer().invoke(segment);
            } catch (InvocationTargetException e) {
                if (e.getCause() instanceof IOException failure) {
                    throw failure;
                }
                throw new IllegalStateException("mapping failed", e.getCause());
            } catch (IllegalAccessException e) {
                throw new IllegalStateException("mapping failed", e);
            }
        }

        @Override
        public void close() {
            try {
                foreign.close().invoke(arena);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("mapped memory is still in use by a running read or write", e);
            }
        }
    }

    /** The four methods of {@code java.lang.foreign} in use, looked up because the code compiles for Java 17. */
    record Foreign(Method ofShared, Method map, Method asByteBuffer, Method close) {
        static final Optional<Foreign> METHODS = find();

        private static Optional<Foreign> find() {
            if (Runtime.version().feature() < 22) {
                return Optional.empty();
            }
            try {
                Class<?> arena = Class.forName("java.lang.foreign.Arena");
                Class<?> segment = Class.forName("java.lang.foreign.MemorySegment");
                return Optional.of(new Foreign(
                        arena.getMethod("ofShared"),
                        FileChannel.class.getMethod("map", MapMode.class, long.class, long.class, arena),
                        segment.getMethod("asByteBuffer"),
                        arena.getMethod("close")));
            } catch (ReflectiveOperationException e) {
                return Optional.empty();
            }
        }
    }
}
