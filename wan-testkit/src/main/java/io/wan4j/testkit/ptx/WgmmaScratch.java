package io.wan4j.testkit.ptx;

/** Buffers of wgmma: a tile of 16 rows, one of up to 256 columns, k up to 32. */
final class WgmmaScratch {
    private static final int K = 32;

    final float[] a = new float[MmaOps.M * K];
    final float[] b = new float[256 * K];
    final float[] x = new float[K];
    final float[] columns = new float[K * MmaOps.N];
    final float[] c = new float[MmaOps.N];
}
