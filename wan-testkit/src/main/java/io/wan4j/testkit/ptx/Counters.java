package io.wan4j.testkit.ptx;

/** Counts of one worker thread: executions by instruction, traffic by site, which is an instruction that accesses memory. */
final class Counters {
    final long[] executed;
    final long[] sharedRequests;
    final long[] wavefronts;
    final long[] idealWavefronts;
    final long[] globalRequests;
    final long[] sectors;
    final long[] idealSectors;
    final long[] globalBytes;

    private final int[] banks = new int[32 * 32];
    private final int[] depth = new int[32];

    Counters(int instructions, int sites) {
        executed = new long[instructions];
        sharedRequests = new long[sites];
        wavefronts = new long[sites];
        idealWavefronts = new long[sites];
        globalRequests = new long[sites];
        sectors = new long[sites];
        idealSectors = new long[sites];
        globalBytes = new long[sites];
    }

    void add(Counters other) {
        add(executed, other.executed);
        add(sharedRequests, other.sharedRequests);
        add(wavefronts, other.wavefronts);
        add(idealWavefronts, other.idealWavefronts);
        add(globalRequests, other.globalRequests);
        add(sectors, other.sectors);
        add(idealSectors, other.idealSectors);
        add(globalBytes, other.globalBytes);
    }

    private static void add(long[] into, long[] from) {
        for (int i = 0; i < into.length; i++) {
            into[i] += from[i];
        }
    }

    /** Counts an access of {@code bytes} a lane: 4-byte banks, half a warp at a time for 8 bytes, a quarter for 16. */
    void shared(int site, int mask, long[] addresses, int bytes) {
        sharedRequests[site]++;
        int lanes = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
        int words = Math.max(1, bytes / 4);
        for (int first = 0; first < 32; first += lanes) {
            int group = lanes == 32 ? mask : mask & (1 << lanes) - 1 << first;
            if (group != 0) {
                idealWavefronts[site]++;
                wavefronts[site] += free(group, addresses, words) ? 1 : wavefronts(group, addresses, words);
            }
        }
    }

    /** Quick test: every lane has its own banks. */
    private static boolean free(int group, long[] addresses, int words) {
        int used = 0;
        int lane = (1 << words) - 1;
        for (int m = group; m != 0; m &= m - 1) {
            int bank = (int) (addresses[Integer.numberOfTrailingZeros(m)] >> 2) & 31;
            int bits = lane << bank;
            if ((used & bits) != 0) {
                return false;
            }
            used |= bits;
        }
        return true;
    }

    private int wavefronts(int group, long[] addresses, int words) {
        java.util.Arrays.fill(depth, 0);
        int most = 1;
        for (int m = group; m != 0; m &= m - 1) {
            long word = addresses[Integer.numberOfTrailingZeros(m)] >> 2;
            for (int i = 0; i < words; i++) {
                most = Math.max(most, touch((int) word + i));
            }
        }
        return most;
    }

    private int touch(int word) {
        int bank = word & 31;
        int n = depth[bank];
        for (int i = 0; i < n; i++) {
            if (banks[bank * 32 + i] == word) {
                return n;
            }
        }
        banks[bank * 32 + n] = word;
        depth[bank] = n + 1;
        return n + 1;
    }

    /** Counts the 32-byte sectors an access of {@code bytes} a lane touches. */
    void global(int site, int mask, long[] addresses, int bytes) {
        globalRequests[site]++;
        int asked = Integer.bitCount(mask) * bytes;
        globalBytes[site] += asked;
        int distinct = 0;
        long last = -1;
        long highest = -1;
        for (int m = mask; m != 0; m &= m - 1) {
            int lane = Integer.numberOfTrailingZeros(m);
            long sector = addresses[lane] >> 5;
            if (sector > highest) {
                distinct++;
                highest = sector;
            } else if (sector != last && sector < highest && !seen(sector, mask, lane, addresses)) {
                distinct++;
            }
            last = sector;
        }
        sectors[site] += distinct;
        idealSectors[site] += Math.min(distinct, (asked + 31) / 32);
    }

    /** Counts one access to global memory whose bytes {@link #row} counts. */
    void bulk(int site) {
        globalRequests[site]++;
    }

    /** Counts contiguous bytes of a bulk access. */
    void row(int site, long address, long bytes) {
        globalBytes[site] += bytes;
        sectors[site] += (address + bytes - 1 >> 5) - (address >> 5) + 1;
        idealSectors[site] += (bytes + 31) / 32;
    }

    private static boolean seen(long sector, int mask, int before, long[] addresses) {
        for (int m = mask & (1 << before) - 1; m != 0; m &= m - 1) {
            if (addresses[Integer.numberOfTrailingZeros(m)] >> 5 == sector) {
                return true;
            }
        }
        return false;
    }
}
