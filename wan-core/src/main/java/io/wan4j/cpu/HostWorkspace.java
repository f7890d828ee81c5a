package io.wan4j.cpu;

import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.HostStorage;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A stack of tensors over a few large chunks. A tensor lies within one chunk; the remainder of a chunk that is too short
 * for the next tensor stays unused and uncounted, so that the count is the one of a dry run. Chunks are kept until every
 * mark was rewound.
 */
final class HostWorkspace implements Workspace {
    private static final int FIRST_CHUNK = 1 << 20;
    private static final int LARGEST_GROWTH = 1 << 28;

    private final HostMemory memory;
    private final List<NativeBytes> chunks = new ArrayList<>();
    private final Deque<Position> tensors = new ArrayDeque<>();
    /** Read by threads that fill arenas, to know what is free. */
    private volatile Position top = new Position(0, 0, 0);

    private int openMarks;
    private long peak;

    /** Where the next tensor may begin: bytes counted so far, chunk, and offset in it. */
    private record Position(long used, int chunk, int offset) {}

    HostWorkspace(HostMemory memory) {
        this.memory = memory;
    }

    @Override
    public long mark() {
        openMarks++;
        return top.used();
    }

    long used() {
        return top.used();
    }

    @Override
    public Tensor allocate(Shape shape, Format format) {
        int size = HostMemory.size("workspace: tensor", shape, format);
        int footprint = (int) Workspace.footprint(shape, format);
        Position start = room("tensor " + shape + " " + format, footprint);
        tensors.push(top);
        top = new Position(top.used() + footprint, start.chunk(), start.offset() + footprint);
        peak = Math.max(peak, top.used());
        NativeBytes chunk = chunks.get(start.chunk());
        return Tensor.of(shape, format, new HostStorage(chunk.slice(start.offset(), size), chunk::isOpen));
    }

    /** The first place from the top on with this many bytes; makes a new chunk if there is none. */
    private Position room(String what, int footprint) {
        memory.checkRoom(what, footprint);
        if (top.chunk() < chunks.size()) {
            if (chunks.get(top.chunk()).size() - top.offset() >= footprint) {
                return top;
            }
            int next = top.chunk() + 1;
            if (next < chunks.size() && chunks.get(next).size() >= footprint) {
                return new Position(top.used(), next, 0);
            }
            freeFrom(top.offset() == 0 ? top.chunk() : next);
        }
        chunks.add(memory.take(what, footprint, growth(footprint)));
        return new Position(top.used(), chunks.size() - 1, 0);
    }

    /** Doubles what there is, within reason and within the limit, but never less than what is needed. */
    private int growth(int footprint) {
        long held = chunks.stream().mapToLong(NativeBytes::size).sum();
        long wish = Math.min(LARGEST_GROWTH, Math.max(FIRST_CHUNK, held));
        return (int) Math.max(footprint, Math.min(wish, memory.available()));
    }

    @Override
    public void rewind(long mark) {
        if (mark < 0 || mark > top.used()) {
            throw new IllegalStateException("workspace: expected a mark up to " + top.used() + ", got " + mark
                    + "; scopes close in reverse order of opening");
        }
        while (!tensors.isEmpty() && top.used() > mark) {
            top = tensors.pop();
        }
        openMarks = Math.max(0, openMarks - 1);
        if (openMarks == 0 && top.used() == 0) {
            close();
        }
    }

    @Override
    public long peak() {
        return peak;
    }

    @Override
    public void resetPeak() {
        peak = top.used();
    }

    @Override
    public void trim() {
        if (top.used() == 0) {
            close();
        } else {
            freeFrom(top.chunk() + 1);
        }
    }

    /** Frees all chunks. */
    void close() {
        tensors.clear();
        top = new Position(0, 0, 0);
        freeFrom(0);
    }

    private void freeFrom(int first) {
        for (int i = chunks.size() - 1; i >= first; i--) {
            chunks.remove(i).close();
        }
    }
}
