// Nearest-neighbour doubling: x [T, H, W, C] to out [T, 2H, 2W, C]. A piece is 16 bytes, 4 or 2; pieces a pixel.
// One thread a piece of out. Bound: device memory.
#include "wan.cuh"

template <class P> DEVICE void body(const P* x, P* out, i64 count, int height, int width, int pieces) {
  i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= count) return;
  int c = int(i % pieces);
  i64 rest = i / pieces;
  int column = int(rest % (2 * width));
  rest /= 2 * width;
  int row = int(rest % (2 * height));
  i64 t = rest / (2 * height);
  out[i] = x[((t * height + row / 2) * width + column / 2) * pieces + c];
}

#define KERNEL(NAME, P)                                                                                               \
  extern "C" __global__ void upsample_##NAME(const P* x, P* out, i64 count, int height, int width, int pieces) {      \
    body(x, out, count, height, width, pieces);                                                                       \
  }
KERNEL(16, uint4)
KERNEL(4, u32)
KERNEL(2, u16)
