// Tokens [T H/2 W/2, 4 C], columns (row, column of the 2x2 patch, channel), to out F32 [C, T, H, W].
// One thread an element of out.
#include "wan.cuh"

template <class In>
DEVICE void body(const In* tokens, float* out, i64 count, int channels, int frames, int height, int width) {
  i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= count) return;
  int x = int(i % width);
  i64 rest = i / width;
  int y = int(rest % height);
  rest /= height;
  int t = int(rest % frames);
  int c = int(rest / frames);
  i64 token = (i64(t) * (height / 2) + y / 2) * (width / 2) + x / 2;
  out[i] = to_float(tokens[(token * 4 + (y & 1) * 2 + (x & 1)) * channels + c]);
}

#define KERNEL(IN)                                                                                                  \
  extern "C" __global__ void unpatchify_##IN(const IN* tokens, float* out, i64 count, int channels, int frames,     \
                                             int height, int width) {                                               \
    body(tokens, out, count, channels, frames, height, width);                                                      \
  }
KERNEL(f32)
KERNEL(bf16)
