// Tiled product out = epilogue(x w^T) on warp groups of compute capability 9.0a; x [rows, depth], w [columns, depth].
//
// A block stays on its multiprocessor and makes one 128 x N tile of out after the other. Two warp groups multiply, 64
// rows of the tile each; one thread of a third has the copy engine fill a ring of SLOTS slots with slices of 128 bytes of
// depth, also those of the next tile while the last one is written out. Barriers: full[i] counts the bytes of slot i,
// empty[i] the warps that have done with it. A slot is the rows of x, then those of w, 128 bytes each, in the swizzle
// that the copy engine writes and the tensor cores read without conflicts. Outside the matrices the engine puts zeros.
#pragma once
#include "epilogue.cuh"
#include "tiles.cuh"
#include "warp_group.cuh"

constexpr int GROUP_THREADS = 128;
constexpr int SLICE_BYTES = 128;
constexpr int SLOT_ALIGNMENT = 1024;
constexpr int STAGED_COLUMNS = 32;
constexpr int STAGED_PITCH = STAGED_COLUMNS + 8;  // both sides free of conflicts
constexpr int STAGED_BYTES = 16 * STAGED_PITCH * 4;  // of a warp

template <int BN, int COUNT> struct GroupTile {
  static constexpr int M = 128;
  static constexpr int N = BN;
  static constexpr int SLOTS = COUNT;
  static constexpr int SUMS = BN / 2;
  static constexpr int SLOT_BYTES = (M + N) * SLICE_BYTES;
};

// Position in the ring: slot, and parity of the phase that its barriers are in.
template <int SLOTS> struct Ring {
  u32 slot = 0;
  u32 parity = 0;
  __device__ __forceinline__ void advance() {
    slot++;
    if (slot == SLOTS) {
      slot = 0;
      parity ^= 1;
    }
  }
};

// Shared memory of a block: slots, staging of 8 warps, barriers; MatrixProduct asks for that and for the alignment.
template <class T> struct BlockMemory {
  u32 base;
  __device__ __forceinline__ u32 slot(u32 i) const { return base + i * T::SLOT_BYTES; }
  __device__ __forceinline__ u32 staged(int warp) const { return base + T::SLOTS * T::SLOT_BYTES + warp * STAGED_BYTES; }
  __device__ __forceinline__ u32 full(u32 i) const { return staged(8) + 16 * i; }
  __device__ __forceinline__ u32 empty(u32 i) const { return full(i) + 8; }
};

extern __shared__ uint4 group_memory[];

template <class Product, class T>
DEVICE void produce(const BlockMemory<T>& memory, const TensorMap* x, const TensorMap* w, const Epilogue& epilogue,
                    int tiles, int slices) {
  Ring<T::SLOTS> ring;
  for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    TilePlace place = tile_place<T::M, T::N>(tile, epilogue.rows, epilogue.columns);
    for (int slice = 0; slice < slices; slice++) {
      barrier_wait(memory.empty(ring.slot), ring.parity ^ 1);
      u32 full = memory.full(ring.slot);
      u32 to = memory.slot(ring.slot);
      int at = slice * (SLICE_BYTES / Product::BYTES);
      barrier_expect(full, T::SLOT_BYTES);
      copy_box(to, x, at, place.row, full);
      copy_box(to + T::M * SLICE_BYTES, w, at, place.column, full);
      ring.advance();
    }
  }
}

// Multiplies the slices of one tile into sums.
template <class Product, class T>
DEVICE void accumulate(const BlockMemory<T>& memory, Ring<T::SLOTS>& ring, int group, int slices,
                       typename Product::Sum (&sums)[T::SUMS]) {
  int lane = threadIdx.x & 31;
  typename Product::Sum part[T::SUMS];  // used where Product::PROMOTES
#pragma unroll
  for (int i = 0; i < T::SUMS; i++) sums[i] = part[i] = 0;
  u32 left = 0;  // the slot before this one
  for (int slice = 0; slice < slices; slice++) {
    barrier_wait(memory.full(ring.slot), ring.parity);
    u32 slot = memory.slot(ring.slot);
    u64 a = matrix_descriptor(slot + group * 64 * SLICE_BYTES);
    u64 b = matrix_descriptor(slot + T::M * SLICE_BYTES);
    if constexpr (Product::PROMOTES) {
      pin(part);
      group_fence();
#pragma unroll
      for (int step = 0; step < SLICE_BYTES / 32; step++) {
        Product::multiply_add(part, a + 2 * step, b + 2 * step, step);
      }
      group_commit();
      group_wait<0>();
      pin(part);
      if (lane == 0) barrier_arrive(memory.empty(ring.slot));
#pragma unroll
      for (int i = 0; i < T::SUMS; i++) sums[i] += part[i];
    } else {
      pin(sums);
      group_fence();
#pragma unroll
      for (int step = 0; step < SLICE_BYTES / 32; step++) Product::multiply_add(sums, a + 2 * step, b + 2 * step, 1);
      group_commit();
      group_wait<1>();  // the slice before
      pin(sums);
      if (slice > 0 && lane == 0) barrier_arrive(memory.empty(left));
      left = ring.slot;
    }
    ring.advance();
  }
  if constexpr (!Product::PROMOTES) {
    group_wait<0>();
    pin(sums);
    if (lane == 0) barrier_arrive(memory.empty(left));
  }
}

// Out through shared memory, 32 columns of 16 rows of each warp at a time, so that a warp writes whole sectors.
template <class Out, class T, class Sum>
DEVICE void write_out(const BlockMemory<T>& memory, const Epilogue& epilogue, TilePlace place, const Sum (&sums)[T::SUMS]) {
  int lane = threadIdx.x & 31;
  int warp = threadIdx.x >> 5;
  u32 staged = memory.staged(warp);
  const float* from = reinterpret_cast<const float*>(group_memory) + (staged - shared_address(group_memory)) / 4;
  u32 to = staged + ((lane >> 2) * STAGED_PITCH + 2 * (lane & 3)) * 4;
#pragma unroll
  for (int part = 0; part < T::N / STAGED_COLUMNS; part++) {
#pragma unroll
    for (int j = 0; j < STAGED_COLUMNS / 8; j++) {
      int i = (part * (STAGED_COLUMNS / 8) + j) * 4;
      store_pair(to + 32 * j, float(sums[i]), float(sums[i + 1]));
      store_pair(to + 32 * j + 32 * STAGED_PITCH, float(sums[i + 2]), float(sums[i + 3]));
    }
    __syncwarp();
#pragma unroll 1
    for (int row = lane / 8; row < 16; row += 4) {
      int column = lane % 8 * 4;
      float y[4];
      get(from + row * STAGED_PITCH + column, y);
      epilogue.four<Out>(y, place.row + warp * 16 + row, place.column + part * STAGED_COLUMNS + column);
    }
    __syncwarp();
  }
}

template <class Product, class Out, class T>
DEVICE void multiply_in_groups(const TensorMap* x, const TensorMap* w, const Epilogue& epilogue, int slices) {
  u32 start = shared_address(group_memory);
  BlockMemory<T> memory{(start + SLOT_ALIGNMENT - 1) / SLOT_ALIGNMENT * SLOT_ALIGNMENT};
  int group = threadIdx.x / GROUP_THREADS;
  if (threadIdx.x == 0) {
    for (int i = 0; i < T::SLOTS; i++) {
      barrier_init(memory.full(i), 1);
      barrier_init(memory.empty(i), 8);
    }
    barriers_ready();
  }
  __syncthreads();
  int tiles = ((epilogue.rows + T::M - 1) / T::M) * ((epilogue.columns + T::N - 1) / T::N);
  if (group == 2) {
    give_registers<40>();
    if (threadIdx.x == 2 * GROUP_THREADS) produce<Product, T>(memory, x, w, epilogue, tiles, slices);
  } else {
    take_registers<232>();
    Ring<T::SLOTS> ring;
    for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
      typename Product::Sum sums[T::SUMS];
      accumulate<Product, T>(memory, ring, group, slices, sums);
      write_out<Out, T>(memory, epilogue, tile_place<T::M, T::N>(tile, epilogue.rows, epilogue.columns), sums);
    }
  }
}

// Large: 4 slots of 48 KiB. Medium: 6 slots of 32 KiB.
typedef GroupTile<256, 4> LargeGroupTile;
typedef GroupTile<128, 6> MediumGroupTile;

#define GROUP_GEMM_KERNEL(NAME, PRODUCT, OUT, TILE)                                                                    \
  extern "C" __global__ void __launch_bounds__(3 * GROUP_THREADS, 1)                                                   \
      NAME(const __grid_constant__ TensorMap x, const __grid_constant__ TensorMap w, const Epilogue epilogue, int slices) { \
    multiply_in_groups<PRODUCT, OUT, TILE>(&x, &w, epilogue, slices);                                                  \
  }

#define GROUP_GEMM_KERNELS(FORMAT, PRODUCT, SIZE, TILE)                        \
  GROUP_GEMM_KERNEL(gemm_group_##FORMAT##_f32_##SIZE, PRODUCT, f32, TILE) \
  GROUP_GEMM_KERNEL(gemm_group_##FORMAT##_bf16_##SIZE, PRODUCT, bf16, TILE)
