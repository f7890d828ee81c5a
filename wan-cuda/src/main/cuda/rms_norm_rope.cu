// RMS norm over the whole row, then rotation of the pairs (2i, 2i+1) of every head:
// (a, b) -> (a cos - b sin, a sin + b cos). x, out [L, heads * D]; table F32 [L, D/2, 2]. out may be x.
// One block a row, see row.cuh; head dimension even, so a group of 8 columns holds whole pairs.
#include "row.cuh"

struct Rotate {
  const float* weight;
  const float2* table;  // of this row
  float factor;
  int pairs;  // of a head

  __device__ __forceinline__ void pair(int c, float& a, float& b) const {
    float2 angle = table[(c >> 1) % pairs];
    float x = a * factor * weight[c];
    float y = b * factor * weight[c + 1];
    a = x * angle.x - y * angle.y;
    b = x * angle.y + y * angle.x;
  }

  __device__ __forceinline__ void eight(int c, float v[8]) const {
#pragma unroll
    for (int i = 0; i < 8; i += 2) pair(c + i, v[i], v[i + 1]);
  }
};

template <class In, class Out>
DEVICE void body(const In* x, const float* weight, const float2* table, Out* out, int columns, int vector, float eps,
                 int pairs) {
  __shared__ float scratch[32];
  i64 row = blockIdx.x;
  const In* in = x + row * columns;
  float squares = 0.0f;
  Row r{columns, vector != 0};
  if (vector) {
    r.read(in, [&](float v) { squares += v * v; });
  } else {
    for (int c = threadIdx.x; c < columns; c += blockDim.x) squares += to_float(in[c]) * to_float(in[c]);
  }
  float mean = block_reduce<Sum>(squares, scratch) / columns;
  Rotate rotate{weight, table + row * pairs, 1.0f / sqrtf(mean + eps), pairs};
  Out* target = out + row * columns;
  if (vector) {
    int groups = columns >> 3;
    for (int g = threadIdx.x; g < groups; g += blockDim.x) {
      float v[8];
      Row::get8(g, groups, v);
      rotate.eight(8 * g, v);
      store8(target + 8 * g, v);
    }
  } else {
    for (int c = 2 * threadIdx.x; c < columns; c += 2 * blockDim.x) {
      float a = to_float(in[c]);
      float b = to_float(in[c + 1]);
      rotate.pair(c, a, b);
      target[c] = from_float<Out>(a);
      target[c + 1] = from_float<Out>(b);
    }
  }
}

#define KERNEL(IN, OUT)                                                                                               \
  extern "C" __global__ void rms_norm_rope_##IN##_##OUT(const IN* x, const float* weight, const float2* table,        \
                                                        OUT* out, int columns, int vector, float eps, int pairs) {    \
    body(x, weight, table, out, columns, vector, eps, pairs);                                                         \
  }
FOR_FLOATS(KERNEL)
