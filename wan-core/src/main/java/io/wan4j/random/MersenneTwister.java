package io.wan4j.random;

/** MT19937 of Matsumoto and Nishimura (1998), seeded with one 32-bit word ({@code init_genrand}). */
final class MersenneTwister {
    private static final int SIZE = 624;
    private static final int MIDDLE = 397;
    private static final int TWIST = 0x9908b0df;

    private final int[] state = new int[SIZE];
    private int used = SIZE;

    MersenneTwister(int seed) {
        state[0] = seed;
        for (int i = 1; i < SIZE; i++) {
            int last = state[i - 1];
            state[i] = 1812433253 * (last ^ (last >>> 30)) + i;
        }
    }

    /** The next 32 random bits. */
    int nextWord() {
        if (used == SIZE) {
            refill();
        }
        int y = state[used++];
        y ^= y >>> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >>> 18);
    }

    private void refill() {
        for (int i = 0; i < SIZE; i++) {
            int mixed = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
            int twist = (mixed & 1) == 0 ? 0 : TWIST;
            state[i] = state[(i + MIDDLE) % SIZE] ^ (mixed >>> 1) ^ twist;
        }
        used = 0;
    }
}
