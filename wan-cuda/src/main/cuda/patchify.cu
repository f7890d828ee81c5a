// One part of the latents [C, T, H, W] to its columns of the tokens [T H/2 W/2, total]:
// columns first + (channel, row, column of the 2x2 patch). One thread an element of the part.
#include "wan.cuh"

template <class Out>
DEVICE void body(const float* part, Out* out, i64 count, int frames, int height, int width, int first, int total) {
  i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= count) return;
  int x = int(i % width);
  i64 rest = i / width;
  int y = int(rest % height);
  rest /= height;
  int t = int(rest % frames);
  int c = int(rest / frames);
  i64 token = (i64(t) * (height / 2) + y / 2) * (width / 2) + x / 2;
  out[token * total + first + c * 4 + (y & 1) * 2 + (x & 1)] = from_float<Out>(part[i]);
}

#define KERNEL(OUT)                                                                                                  \
  extern "C" __global__ void patchify_##OUT(const float* part, OUT* out, i64 count, int frames, int height,          \
                                            int width, int first, int total) {                                       \
    body(part, out, count, frames, height, width, first, total);                                                     \
  }
KERNEL(f32)
KERNEL(bf16)
