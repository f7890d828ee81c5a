// x [T, P, 2C] to out [2T, P, C], P pixels a frame: frame 2t takes the first C channels of frame t, 2t+1 the last C.
// A piece is 16 bytes, 4 or 2; pieces of C channels. One thread a piece of out. Bound: device memory.
#include "wan.cuh"

template <class P> DEVICE void body(const P* x, P* out, i64 count, i64 pixels, int pieces) {
  i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= count) return;
  int c = int(i % pieces);
  i64 rest = i / pieces;
  i64 pixel = rest % pixels;
  i64 frame = rest / pixels;
  out[i] = x[(((frame >> 1) * pixels + pixel) * 2 + (frame & 1)) * pieces + c];
}

#define KERNEL(NAME, P)                                                                                          \
  extern "C" __global__ void interleave_frames_##NAME(const P* x, P* out, i64 count, i64 pixels, int pieces) {   \
    body(x, out, count, pixels, pieces);                                                                         \
  }
KERNEL(16, uint4)
KERNEL(4, u32)
KERNEL(2, u16)
