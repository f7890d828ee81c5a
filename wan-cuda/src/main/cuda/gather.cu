// out[i] = table[ids[i]]. table [rows, C], out [n, C]. One block a row of out.
#include "wan.cuh"

template <class In, class Out> DEVICE void body(const In* table, const int* ids, Out* out, int columns) {
  const In* from = table + i64(ids[blockIdx.x]) * columns;
  Out* to = out + i64(blockIdx.x) * columns;
  for (int c = threadIdx.x; c < columns; c += blockDim.x) to[c] = from_float<Out>(to_float(from[c]));
}

#define KERNEL(IN, OUT)                                                                                  \
  extern "C" __global__ void gather_##IN##_##OUT(const IN* table, const int* ids, OUT* out, int columns) { \
    body(table, ids, out, columns);                                                                      \
  }
KERNEL(f32, f32)
KERNEL(bf16, f32)
KERNEL(f16, f32)
KERNEL(f32, bf16)
KERNEL(bf16, bf16)
KERNEL(f16, bf16)
