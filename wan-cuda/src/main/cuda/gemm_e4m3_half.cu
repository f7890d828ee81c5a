// out = epilogue(x w^T) for operands in e4m3 with sums in f16 that join f32 sums after every slice of 64: twice the rate of
// f32 sums on GeForce. x [rows, depth] and w [columns, depth] with rows a multiple of 16 bytes apart, bytes past the depth
// zero. x must have been shrunk (shrink_codes.cu): |x| <= 1.75 and |w| <= 448, so that no partial sum of 64 products
// passes 64 * 1.75 * 448 = 50176, which leaves f16 (65504) room for 64 roundings in any direction.
// Bound: the tensor cores, 2 x rows x columns x depth operations; bytes: both operands once a group of tiles, out once.
// targets: sm_89 sm_120 ptx:sm_89
#include "product.cuh"

DEVICE float low_f16(u32 pair) { return to_float(f16{u16(pair)}); }
DEVICE float high_f16(u32 pair) { return to_float(f16{u16(pair >> 16)}); }

struct E4m3HalfProduct {
  typedef float Sum;
  // h += a b in f16
  DEVICE void multiply_add(u32 (&h)[2], const u32 (&a)[4], u32 b0, u32 b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.f16.e4m3.e4m3.f16 {%0, %1}, {%2, %3, %4, %5}, {%6, %7}, {%0, %1};"
        : "+r"(h[0]), "+r"(h[1])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
  DEVICE void promote(float (&c)[4], const u32 (&h)[2]) {
    c[0] += low_f16(h[0]);
    c[1] += high_f16(h[0]);
    c[2] += low_f16(h[1]);
    c[3] += high_f16(h[1]);
  }
};

// Both steps of a slice one after the other, so that only one pair of f16 sums lives at a time.
template <class T>
DEVICE void multiply_slice(E4m3HalfProduct, float (&sums)[T::WARP_M / 16][T::WARP_N / 8][4], u32 x_slot, u32 w_slot,
                           WarpPlace at) {
  constexpr int STEPS = SLICE_BYTES / 32;
  u32 a[STEPS][T::WARP_M / 16][4];
#pragma unroll
  for (int step = 0; step < STEPS; step++)
#pragma unroll
    for (int i = 0; i < T::WARP_M / 16; i++) load_matrices(at.x(x_slot, i, step), a[step][i]);
#pragma unroll
  for (int j = 0; j < T::WARP_N / 8; j += 2) {
    u32 b[STEPS][4];
#pragma unroll
    for (int step = 0; step < STEPS; step++) load_matrices(at.w(w_slot, j, step), b[step]);
#pragma unroll
    for (int i = 0; i < T::WARP_M / 16; i++) {
#pragma unroll
      for (int column = 0; column < 2; column++) {
        u32 h[2] = {0, 0};
#pragma unroll
        for (int step = 0; step < STEPS; step++) {
          E4m3HalfProduct::multiply_add(h, a[step][i], b[step][2 * column], b[step][2 * column + 1]);
        }
        E4m3HalfProduct::promote(sums[i][j + column], h);
      }
    }
  }
}

GEMM_KERNELS(e4m3_half, E4m3HalfProduct, large, LargeTile)
GEMM_KERNELS(e4m3_half, E4m3HalfProduct, medium, MediumTile)
GEMM_KERNELS(e4m3_half, E4m3HalfProduct, small, SmallTile)
