// out = epilogue(y) for a product y [rows, columns] that another library left in memory, rows product_pitch apart, a
// multiple of 4. One thread four columns. Bound: memory, y and out once and what the epilogue reads.
#include "epilogue.cuh"

DEVICE float number(float x) { return x; }
DEVICE float number(int x) { return float(x); }
DEVICE void load4(const float* p, float (&y)[4]) { get(p, y); }
DEVICE void load4(const int* p, float (&y)[4]) {
  int4 v = *reinterpret_cast<const int4*>(p);
  y[0] = float(v.x); y[1] = float(v.y); y[2] = float(v.z); y[3] = float(v.w);
}

template <class In, class Out> DEVICE void body(const In* product, const Epilogue& epilogue, int product_pitch) {
  i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
  int quads = (epilogue.columns + 3) / 4;
  i64 row = i / quads;
  if (row >= epilogue.rows) return;
  int column = int(i - row * quads) * 4;
  const In* from = product + row * product_pitch + column;
  float y[4] = {};
  if (column + 4 <= epilogue.columns) {
    load4(from, y);
  } else {
#pragma unroll
    for (int j = 0; j < 4; j++)
      if (column + j < epilogue.columns) y[j] = number(from[j]);
  }
  epilogue.four<Out>(y, int(row), column);
}

#define KERNEL(NAME, IN, OUT)                                                                              \
  extern "C" __global__ void join_product_##NAME##_##OUT(const IN* product, Epilogue epilogue, int product_pitch) { \
    body<IN, OUT>(product, epilogue, product_pitch);                                                       \
  }
KERNEL(f32, float, f32)
KERNEL(f32, float, bf16)
KERNEL(s32, int, f32)
KERNEL(s32, int, bf16)
