// out = x / 256 for codes in e4m3, rounded to nearest even: exact from |x| = 4 on, below it to steps of 2^-9. NaN stays.
// Prepares the input of gemm_e4m3_half.cu; the factor comes back in its epilogue. out may be x.
// One thread 16 codes. Bound: memory, x and out once.
// targets: sm_89 sm_120 ptx:sm_89
#include "wan.cuh"

DEVICE u32 shrink(u32 pair) {
  u32 y = 0;
#if __CUDA_ARCH__ >= 890
  u32 wide;
  u16 narrow;
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(wide) : "h"(u16(pair)));
  asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(wide) : "r"(wide), "r"(0x1c001c00u));  // 2^-8, exact
  asm("cvt.rn.satfinite.e4m3x2.f16x2 %0, %1;" : "=h"(narrow) : "r"(wide));
  y = narrow;
#endif
  return y;
}

DEVICE u32 shrink_four(u32 codes) { return shrink(codes & 0xffffu) | shrink(codes >> 16) << 16; }

extern "C" __global__ void shrink_codes_e4m3(const uint4* x, uint4* out, i64 pieces) {
  i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= pieces) return;
  uint4 v = x[i];
  out[i] = make_uint4(shrink_four(v.x), shrink_four(v.y), shrink_four(v.z), shrink_four(v.w));
}
