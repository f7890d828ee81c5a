// out = x in the format of out. Eight elements a thread. Bound: device memory.
#include "wan.cuh"

template <class In, class Out> DEVICE void body(const In* x, Out* out, i64 count, int vector) {
  i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
  if (vector) {
    if (8 * i >= count) return;
    float v[8];
    load8(x + 8 * i, v);
    store8(out + 8 * i, v);
  } else if (i < count) {
    out[i] = from_float<Out>(to_float(x[i]));
  }
}

#define KERNEL(IN, OUT) \
  extern "C" __global__ void copy_##IN##_##OUT(const IN* x, OUT* out, i64 count, int vector) { body(x, out, count, vector); }
KERNEL(f32, bf16)
KERNEL(f32, f16)
KERNEL(bf16, f32)
KERNEL(bf16, f16)
KERNEL(f16, f32)
KERNEL(f16, bf16)
