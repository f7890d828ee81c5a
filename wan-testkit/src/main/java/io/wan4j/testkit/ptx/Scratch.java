package io.wan4j.testkit.ptx;

import org.jspecify.annotations.Nullable;

/** Buffers that instructions of one worker thread share. */
final class Scratch {
    final long[] addresses = new long[Warp.LANES];
    final long[] targets = new long[Warp.LANES];
    final int[] lanes = new int[Warp.LANES];
    final float[] a = new float[32];
    final float[] b = new float[32 * MmaOps.N];
    final float[] c = new float[MmaOps.N];
    final float[] column = new float[32];
    final int[] integers = new int[32];
    final long[] packed = new long[3 * 32];
    final int[] sums = new int[MmaOps.N];
    final byte[] bytes = new byte[16 * Warp.LANES];
    private @Nullable WgmmaScratch wgmma;

    WgmmaScratch wgmma() {
        WgmmaScratch made = wgmma;
        if (made == null) {
            made = new WgmmaScratch();
            wgmma = made;
        }
        return made;
    }
}
