// Tiled product out = epilogue(x w^T) on tensor cores; x [rows, depth], w [columns, depth], both with contiguous depth.
//
// A block makes a BM x BN tile of out; its warps form a WARPS_M x WARPS_N grid. Depth runs in slices of 64 bytes through
// a ring of STAGES shared-memory slots filled by asynchronous 16-byte copies. A slot row is four pieces of 16 bytes;
// piece p of row r lies at p ^ (r / 2 % 4), so copies and ldmatrix touch all 32 banks once.
// Every format looks alike in bytes: one step of 32 bytes is k = 16 for BF16 and k = 32 for 8-bit codes.
#pragma once
#include "epilogue.cuh"
#include "tensor_core.cuh"
#include "tiles.cuh"

constexpr int SLICE_BYTES = 64;
constexpr int PIECES = SLICE_BYTES / 16;

extern __shared__ uint4 product_slots[];

DEVICE u32 piece_offset(int row, int piece) { return u32(row * SLICE_BYTES + ((piece ^ ((row >> 1) & 3)) << 4)); }

template <int BM, int BN, int WARPS_M, int WARPS_N, int STAGES> struct Tile {
  static constexpr int M = BM;
  static constexpr int N = BN;
  static constexpr int THREADS = 32 * WARPS_M * WARPS_N;
  static constexpr int SLOTS = STAGES;
  static constexpr int WARP_M = BM / WARPS_M;
  static constexpr int WARP_N = BN / WARPS_N;
  static constexpr int COLUMN_WARPS = WARPS_N;
  static constexpr int SLOT_BYTES = (BM + BN) * SLICE_BYTES;
};

// Rows of a dense operand, pitch bytes apart, a multiple of 16.
struct DenseRows {
  const u8* base;
  i64 pitch;
  int rows;
  int depth_bytes;

  template <int ROWS, int THREADS> __device__ __forceinline__ void prepare(int) {}

  // Copies slice `slice` of ROWS rows from `first` into a slot.
  template <int ROWS, int THREADS> __device__ __forceinline__ void fetch(u32 slot, int first, int slice) const {
    static_assert(ROWS * PIECES % THREADS == 0, "whole rounds");
#pragma unroll
    for (int round = 0; round < ROWS * PIECES / THREADS; round++) {
      int i = round * THREADS + threadIdx.x;
      int row = i / PIECES;
      int piece = i % PIECES;
      int at = slice * SLICE_BYTES + piece * 16;
      bool valid = first + row < rows && at < depth_bytes;
      const u8* from = valid ? base + (first + row) * pitch + at : base;
      copy16(slot + piece_offset(row, piece), from, valid);
    }
  }
};

// Part of a tile that a warp makes.
struct WarpPlace {
  int row;
  int column;
  int lane;

  // Address of the 16 bytes that this lane names to load 16 rows of x, or 16 columns of w, of one step of 32 bytes.
  __device__ __forceinline__ u32 x(u32 slot, int i, int step) const {
    return slot + piece_offset(row + 16 * i + (lane & 15), 2 * step + (lane >> 4));
  }
  __device__ __forceinline__ u32 w(u32 slot, int j, int step) const {
    return slot + piece_offset(column + 8 * j + (lane & 7) + ((lane >> 4) << 3), 2 * step + ((lane >> 3) & 1));
  }
};

// sums += x w^T over one slice.
template <class T, class Product>
DEVICE void multiply_slice(Product, typename Product::Sum (&sums)[T::WARP_M / 16][T::WARP_N / 8][4], u32 x_slot,
                           u32 w_slot, WarpPlace at) {
#pragma unroll
  for (int step = 0; step < SLICE_BYTES / 32; step++) {
    u32 a[T::WARP_M / 16][4];
#pragma unroll
    for (int i = 0; i < T::WARP_M / 16; i++) load_matrices(at.x(x_slot, i, step), a[i]);
#pragma unroll
    for (int j = 0; j < T::WARP_N / 8; j += 2) {
      u32 b[4];
      load_matrices(at.w(w_slot, j, step), b);
#pragma unroll
      for (int i = 0; i < T::WARP_M / 16; i++) {
        Product::multiply_add(sums[i][j], a[i], b[0], b[1]);
        Product::multiply_add(sums[i][j + 1], a[i], b[2], b[3]);
      }
    }
  }
}

template <class Product, class Out, class T, class Rows>
DEVICE void multiply(Rows x, const DenseRows& w, const Epilogue& epilogue, int slices) {
  typedef typename Product::Sum Sum;
  constexpr int ROW_STEPS = T::WARP_M / 16;
  constexpr int COLUMN_STEPS = T::WARP_N / 8;
  TilePlace tile = tile_place<T::M, T::N>(blockIdx.x, epilogue.rows, epilogue.columns);
  x.template prepare<T::M, T::THREADS>(tile.row);
  u32 slots = shared_address(product_slots);
  int lane = threadIdx.x & 31;
  int warp = threadIdx.x >> 5;
  int warp_row = warp / T::COLUMN_WARPS * T::WARP_M;
  int warp_column = warp % T::COLUMN_WARPS * T::WARP_N;

  Sum sums[ROW_STEPS][COLUMN_STEPS][4];
#pragma unroll
  for (int i = 0; i < ROW_STEPS; i++)
#pragma unroll
    for (int j = 0; j < COLUMN_STEPS; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) sums[i][j][e] = 0;

  auto fetch = [&](int slice) {
    if (slice < slices) {
      u32 slot = slots + slice % T::SLOTS * T::SLOT_BYTES;
      x.template fetch<T::M, T::THREADS>(slot, tile.row, slice);
      w.template fetch<T::N, T::THREADS>(slot + T::M * SLICE_BYTES, tile.column, slice);
    }
    copies_commit();
  };

#pragma unroll
  for (int s = 0; s < T::SLOTS - 1; s++) fetch(s);

  for (int slice = 0; slice < slices; slice++) {
    copies_wait<T::SLOTS - 2>();
    __syncthreads();
    fetch(slice + T::SLOTS - 1);  // into the slot that everybody left before the barrier
    u32 a_slot = slots + slice % T::SLOTS * T::SLOT_BYTES;
    u32 b_slot = a_slot + T::M * SLICE_BYTES;
    multiply_slice<T>(Product(), sums, a_slot, b_slot, WarpPlace{warp_row, warp_column, lane});
  }

  // Out through shared memory, 16 rows of each warp at a time, so that a warp writes whole lines. Words of a row pitch
  // of 8 modulo 32 keep both sides free of conflicts.
  constexpr int PITCH = T::WARP_N + 8;
  constexpr int LANES = T::WARP_N / 4;  // of a row
  copies_wait<0>();
  __syncthreads();
  float* staged = reinterpret_cast<float*>(product_slots) + warp * 16 * PITCH;
  u32 to = shared_address(staged + (lane >> 2) * PITCH + 2 * (lane & 3));
#pragma unroll
  for (int i = 0; i < ROW_STEPS; i++) {
#pragma unroll
    for (int j = 0; j < COLUMN_STEPS; j++) {
      store_pair(to + 32 * j, float(sums[i][j][0]), float(sums[i][j][1]));
      store_pair(to + 32 * j + 32 * PITCH, float(sums[i][j][2]), float(sums[i][j][3]));
    }
    __syncwarp();
#pragma unroll 1
    for (int row = lane / LANES; row < 16; row += 32 / LANES) {
      int column = lane % LANES * 4;
      float y[4];
      get(staged + row * PITCH + column, y);
      epilogue.four<Out>(y, tile.row + warp_row + 16 * i + row, tile.column + warp_column + column);
    }
    __syncwarp();
  }
}

// Large: 8 warps of 64 x 64, 96 KiB. Medium: 8 warps of 64 x 32, 64 KiB. Small: 4 warps of 32 x 32, 24 KiB.
typedef Tile<128, 256, 2, 4, 4> LargeTile;
typedef Tile<128, 128, 2, 4, 4> MediumTile;
typedef Tile<64, 64, 2, 2, 3> SmallTile;

#define GEMM_KERNEL(NAME, PRODUCT, OUT, TILE)                                                                     \
  extern "C" __global__ void __launch_bounds__(TILE::THREADS, 1)                                                  \
      NAME(const u8* x, const u8* w, Epilogue epilogue, int x_pitch, int w_pitch, int depth_bytes) {              \
    multiply<PRODUCT, OUT, TILE>(DenseRows{x, x_pitch, epilogue.rows, depth_bytes},                               \
                                 DenseRows{w, w_pitch, epilogue.columns, depth_bytes}, epilogue,                  \
                                 (depth_bytes + SLICE_BYTES - 1) / SLICE_BYTES);                                  \
  }

#define GEMM_KERNELS(FORMAT, PRODUCT, SIZE, TILE)           \
  GEMM_KERNEL(gemm_##FORMAT##_f32_##SIZE, PRODUCT, f32, TILE) \
  GEMM_KERNEL(gemm_##FORMAT##_bf16_##SIZE, PRODUCT, bf16, TILE)
