// out = activation(x), any shape; out may be x. Eight elements a thread. Bound: device memory.
#include "wan.cuh"

template <class T> DEVICE void body(const T* x, T* out, i64 count, int vector, int activation) {
  i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
  if (vector) {
    if (8 * i >= count) return;
    float v[8];
    load8(x + 8 * i, v);
#pragma unroll
    for (int j = 0; j < 8; j++) v[j] = activate(v[j], activation);
    store8(out + 8 * i, v);
  } else if (i < count) {
    out[i] = from_float<T>(activate(to_float(x[i]), activation));
  }
}

#define KERNEL(T)                                                                                                    \
  extern "C" __global__ void activate_##T(const T* x, T* out, i64 count, int vector, int activation) {               \
    body(x, out, count, vector, activation);                                                                         \
  }
KERNEL(f32)
KERNEL(bf16)
