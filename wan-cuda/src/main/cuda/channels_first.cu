// x [P, C'] to out [C, P], out = x * scale[c] + shift[c]; the first C <= C' channels; P positions. One thread a position.
#include "wan.cuh"

template <class In, class Out>
DEVICE void body(const In* x, const float* scale, const float* shift, Out* out, i64 positions, int channels,
                 int in_channels) {
  i64 p = i64(blockIdx.x) * blockDim.x + threadIdx.x;
  if (p >= positions) return;
  for (int c = 0; c < channels; c++) {
    out[c * positions + p] = from_float<Out>(to_float(x[p * in_channels + c]) * scale[c] + shift[c]);
  }
}

#define KERNEL(IN, OUT)                                                                                             \
  extern "C" __global__ void channels_first_##IN##_##OUT(const IN* x, const float* scale, const float* shift,       \
                                                         OUT* out, i64 positions, int channels, int in_channels) {  \
    body(x, scale, shift, out, positions, channels, in_channels);                                                   \
  }
KERNEL(f32, f32)
KERNEL(f32, bf16)
KERNEL(bf16, f32)
KERNEL(bf16, bf16)
