package io.wan4j.testkit.ptx;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Shared memory that asynchronous operations of a warp (wgmma, bulk stores) may still read: until their group has been
 * waited for, nobody may write it.
 */
final class PendingReads {
    private static final int FIELDS = 4;

    private final Warp warp;
    private final Deque<int[]> groups = new ArrayDeque<>();
    private int[] open = new int[64 * FIELDS];
    private int count;

    PendingReads(Warp warp) {
        this.warp = warp;
    }

    void reset() {
        groups.clear();
        count = 0;
    }

    void add(int offset, int bytes, int lane, Op op) {
        if (count == open.length) {
            open = Arrays.copyOf(open, 2 * count);
        }
        open[count] = offset;
        open[count + 1] = bytes;
        open[count + 2] = lane;
        open[count + 3] = op.pc;
        count += FIELDS;
    }

    void commit() {
        groups.addLast(Arrays.copyOf(open, count));
        count = 0;
    }

    /** All but the newest {@code pending} groups end now: their reads count as done at this moment. */
    void await(int pending) {
        while (groups.size() > pending) {
            int[] group = groups.removeFirst();
            for (int i = 0; i < group.length; i += FIELDS) {
                Op op = warp.program.code[group[i + 3]];
                warp.cta.shared.shadow.read(warp, group[i + 2], group[i], group[i + 1], op);
            }
        }
    }
}
