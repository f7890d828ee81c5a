// out = epilogue(x w^T) in F32 arithmetic on the ordinary cores, for small products whose input is not rounded to BF16
// (time embedding, low-rank side branches) and for checking. x [rows, depth], w [columns, depth]; any depth.
// A block of 256 threads makes a 64 x 64 tile, 4 x 4 elements a thread; slices of 16 columns through shared memory,
// stored depth-major with one word of padding a 32 words so that neither side conflicts.
#include "epilogue.cuh"

constexpr int SIDE = 64;
constexpr int DEPTH = 16;

template <class In>
DEVICE void fetch(const In* p, float (&tile)[DEPTH][SIDE + 4], int first, int rows, int from, int depth,
                  int pitch) {
#pragma unroll
  for (int round = 0; round < SIDE * DEPTH / 256; round++) {
    int i = round * 256 + threadIdx.x;
    int row = i / DEPTH;
    int k = i % DEPTH;
    bool valid = first + row < rows && from + k < depth;
    tile[k][row] = valid ? to_float(p[i64(first + row) * pitch + from + k]) : 0.0f;
  }
}

template <class X, class W, class Out> DEVICE void body(const X* x, const W* w, const Epilogue& epilogue, int depth, int x_pitch,
                                                             int w_pitch) {
  __shared__ float xs[DEPTH][SIDE + 4];
  __shared__ float ws[DEPTH][SIDE + 4];
  int tiles_n = (epilogue.columns + SIDE - 1) / SIDE;
  int first_row = blockIdx.x / tiles_n * SIDE;
  int first_column = blockIdx.x % tiles_n * SIDE;
  int tx = threadIdx.x % 16;
  int ty = threadIdx.x / 16;
  float sums[4][4] = {};
  for (int from = 0; from < depth; from += DEPTH) {
    fetch(x, xs, first_row, epilogue.rows, from, depth, x_pitch);
    fetch(w, ws, first_column, epilogue.columns, from, depth, w_pitch);
    __syncthreads();
#pragma unroll
    for (int k = 0; k < DEPTH; k++) {
      float4 a = *reinterpret_cast<const float4*>(&xs[k][4 * ty]);
      float4 b = *reinterpret_cast<const float4*>(&ws[k][4 * tx]);
      float av[4] = {a.x, a.y, a.z, a.w};
      float bv[4] = {b.x, b.y, b.z, b.w};
#pragma unroll
      for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 4; j++) sums[i][j] = fmaf(av[i], bv[j], sums[i][j]);
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
    epilogue.four<Out>(sums[i], first_row + 4 * ty + i, first_column + 4 * tx);
  }
}

#define KERNEL(X, W, OUT)                                                                                         \
  extern "C" __global__ void __launch_bounds__(256)                                                               \
      gemm_f32_##X##_##W##_##OUT(const X* x, const W* w, Epilogue epilogue, int depth, int x_pitch, int w_pitch) { \
    body<X, W, OUT>(x, w, epilogue, depth, x_pitch, w_pitch);                                                     \
  }
KERNEL(f32, f32, f32)
KERNEL(f32, bf16, f32)
KERNEL(bf16, f32, f32)
KERNEL(bf16, bf16, f32)
KERNEL(f32, f32, bf16)
KERNEL(f32, bf16, bf16)
KERNEL(bf16, f32, bf16)
