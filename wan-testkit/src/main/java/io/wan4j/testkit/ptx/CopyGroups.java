package io.wan4j.testkit.ptx;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;

/** The {@code cp.async} copies of one warp: those not yet committed, and the committed groups, oldest first. */
final class CopyGroups {
    private final Warp warp;
    private final Deque<Group> groups = new ArrayDeque<>();
    private Group open = new Group();

    CopyGroups(Warp warp) {
        this.warp = warp;
    }

    void reset() {
        groups.clear();
        open = new Group();
    }

    void add(int lane, int offset, int bytes) {
        open.add(lane, offset, bytes);
    }

    void commit(int mask) {
        Group group = new Group();
        group.mask = mask;
        open.moveTo(group, mask);
        groups.addLast(group);
    }

    /** Lets at most {@code pending} of the newest groups of each lane go on; the others are complete. */
    void await(int mask, int pending) {
        int[] seen = new int[Warp.LANES];
        for (Iterator<Group> newest = groups.descendingIterator(); newest.hasNext(); ) {
            Group group = newest.next();
            int done = 0;
            for (int m = group.mask & mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                if (seen[lane]++ >= pending) {
                    done |= 1 << lane;
                }
            }
            if (done != 0) {
                group.complete(warp, done, -1, 0);
                group.mask &= ~done;
                if (group.mask == 0) {
                    newest.remove();
                }
            }
        }
    }

    void awaitAll(int mask) {
        open.complete(warp, mask, -1, 0);
        await(mask, 0);
    }

    /** Hands all copies of the lanes to mbarrier {@code slot}. */
    void track(int mask, int slot, int epoch) {
        open.complete(warp, mask, slot, epoch);
        groups.forEach(group -> group.complete(warp, mask, slot, epoch));
    }

    /** Whether a lane in {@code mask} has copies that it never waited for. */
    boolean unfinished(int mask) {
        return open.holds(mask) || groups.stream().anyMatch(group -> group.holds(mask));
    }

    private static final class Group {
        int mask;
        private int[] copies = new int[96];
        private int count;

        void add(int lane, int offset, int bytes) {
            if (count + 3 > copies.length) {
                copies = Arrays.copyOf(copies, count * 2);
            }
            copies[count++] = lane;
            copies[count++] = offset;
            copies[count++] = bytes;
        }

        boolean holds(int lanes) {
            for (int i = 0; i < count; i += 3) {
                if ((lanes >> copies[i] & 1) != 0) {
                    return true;
                }
            }
            return false;
        }

        void moveTo(Group other, int lanes) {
            int kept = 0;
            for (int i = 0; i < count; i += 3) {
                if ((lanes >> copies[i] & 1) != 0) {
                    other.add(copies[i], copies[i + 1], copies[i + 2]);
                } else {
                    System.arraycopy(copies, i, copies, kept, 3);
                    kept += 3;
                }
            }
            count = kept;
        }

        void complete(Warp warp, int lanes, int slot, int epoch) {
            SharedShadow shadow = warp.cta.shared.shadow;
            int kept = 0;
            for (int i = 0; i < count; i += 3) {
                if ((lanes >> copies[i] & 1) == 0) {
                    System.arraycopy(copies, i, copies, kept, 3);
                    kept += 3;
                } else if (slot < 0) {
                    shadow.complete(warp, copies[i + 1], copies[i + 2]);
                } else {
                    shadow.track(warp, copies[i + 1], copies[i + 2], slot, epoch);
                }
            }
            count = kept;
        }
    }
}
