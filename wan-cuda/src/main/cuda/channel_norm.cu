// out = activation(x / max(norm2(x), 1e-12) * sqrt(C) * gamma), over the last axis. x, out [rows, C]; gamma F32 [C].
// One warp a row; out may be x. Bound: device memory; the second read of the row comes from L1.
#include "wan.cuh"

template <class In, class Out>
DEVICE void body(const In* x, const float* gamma, Out* out, i64 rows, int columns, int vector, int activation) {
  i64 row = i64(blockIdx.x) * (blockDim.x >> 5) + (threadIdx.x >> 5);
  if (row >= rows) return;
  int lane = threadIdx.x & 31;
  const In* in = x + row * columns;
  Out* to = out + row * columns;
  float squares = 0.0f;
  if (vector) {
    for (int c = 8 * lane; c < columns; c += 256) {
      float v[8];
      load8(in + c, v);
#pragma unroll
      for (int i = 0; i < 8; i++) squares += v[i] * v[i];
    }
  } else {
    for (int c = lane; c < columns; c += 32) squares += to_float(in[c]) * to_float(in[c]);
  }
  float factor = sqrtf(float(columns)) / fmaxf(sqrtf(warp_reduce<Sum>(squares)), 1e-12f);
  if (vector) {
    for (int c = 8 * lane; c < columns; c += 256) {
      float v[8], g[8];
      load8(in + c, v);
      load8(reinterpret_cast<const f32*>(gamma) + c, g);
#pragma unroll
      for (int i = 0; i < 8; i++) v[i] = activate(v[i] * factor * g[i], activation);
      store8(to + c, v);
    }
  } else {
    for (int c = lane; c < columns; c += 32) {
      to[c] = from_float<Out>(activate(to_float(in[c]) * factor * gamma[c], activation));
    }
  }
}

#define KERNEL(IN, OUT)                                                                                         \
  extern "C" __global__ void channel_norm_##IN##_##OUT(const IN* x, const float* gamma, OUT* out, i64 rows,     \
                                                       int columns, int vector, int activation) {               \
    body(x, gamma, out, rows, columns, vector, activation);                                                     \
  }
KERNEL(f32, f32)
KERNEL(bf16, bf16)
KERNEL(f32, bf16)
KERNEL(bf16, f32)
