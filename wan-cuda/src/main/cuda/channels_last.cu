// x [C, P] to out [P, C], out = x * scale[c] + shift[c]; P positions. One thread a position: C is small (3 to 32).
#include "wan.cuh"

template <class In, class Out>
DEVICE void body(const In* x, const float* scale, const float* shift, Out* out, i64 positions, int channels) {
  i64 p = i64(blockIdx.x) * blockDim.x + threadIdx.x;
  if (p >= positions) return;
  for (int c = 0; c < channels; c++) {
    out[p * channels + c] = from_float<Out>(to_float(x[c * positions + p]) * scale[c] + shift[c]);
  }
}

#define KERNEL(IN, OUT)                                                                                          \
  extern "C" __global__ void channels_last_##IN##_##OUT(const IN* x, const float* scale, const float* shift,     \
                                                        OUT* out, i64 positions, int channels) {                 \
    body(x, scale, shift, out, positions, channels);                                                             \
  }
KERNEL(f32, f32)
KERNEL(f32, bf16)
KERNEL(bf16, f32)
KERNEL(bf16, bf16)
