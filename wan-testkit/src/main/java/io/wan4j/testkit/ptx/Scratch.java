package io.wan4j.testkit.ptx;

/** Buffers that instructions of one worker thread share. */
final class Scratch {
    final long[] addresses = new long[Warp.LANES];
    final long[] targets = new long[Warp.LANES];
    final int[] lanes = new int[Warp.LANES];
    final float[] a = new float[64 * 32];
    final float[] b = new float[256 * 32];
    final float[] c = new float[MmaOps.M * MmaOps.N];
    final int[] integers = new int[MmaOps.M * 32];
    final int[] sums = new int[MmaOps.M * MmaOps.N];
    final long[] packed = new long[3 * 64];
    final byte[] bytes = new byte[16 * Warp.LANES];
}
