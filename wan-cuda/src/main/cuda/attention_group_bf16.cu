// out = softmax(scale q k^T) v for heads of 128 columns on compute capability 9.0: wgmma m64n128k16, F32 sums, P rounded to BF16.
// q, out [Lq, H 128]; k, v [Lk, H 128], BF16, by tensor maps with boxes of 64 columns and 128 rows.
//
// A block takes 128 rows of one head: two warp groups have 64 rows each, one thread of a third fetches tiles of 128 keys
// and their values into a ring of SLOTS slots. q k^T reads both operands from shared memory; P stays in registers, v is
// read transposed. Running maximum and sum of each row are corrected as keys pass (online softmax); while one group takes
// exponentials, the other one multiplies.
// Bound: the tensor cores, 4 Lq Lk H 128 operations; bytes: q and out once, k and v once a block (from L2).
// targets: sm_90a ptx:sm_90a
#include "warp_group.cuh"

constexpr float LOG2_E = 1.4426950408889634f;
constexpr int GROUP_THREADS = 128;
constexpr int ROWS = 128;
constexpr int KEYS = 128;
constexpr int COLUMNS = 128;
constexpr int BOX_COLUMNS = 64;
constexpr u32 BOX_BYTES = ROWS * 128;
constexpr u32 TILE_BYTES = 2 * BOX_BYTES;
constexpr u32 SLOTS = 2;

extern __shared__ uint4 attention_memory[];

// Shared memory: q, later out; slots of k and v; barriers.
struct Places {
  u32 q;
  __device__ __forceinline__ u32 k(u32 slot) const { return q + TILE_BYTES + slot * 2 * TILE_BYTES; }
  __device__ __forceinline__ u32 v(u32 slot) const { return k(slot) + TILE_BYTES; }
  __device__ __forceinline__ u32 q_full() const { return k(SLOTS); }
  __device__ __forceinline__ u32 full(u32 slot) const { return q_full() + 8 + 16 * slot; }
  __device__ __forceinline__ u32 empty(u32 slot) const { return full(slot) + 8; }
};

DEVICE float exp2_approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// 128 rows of a head as two boxes.
DEVICE void copy_tile(u32 to, const TensorMap* map, int row, u32 barrier) {
  copy_box(to, map, blockIdx.y * COLUMNS, row, barrier);
  copy_box(to + BOX_BYTES, map, blockIdx.y * COLUMNS + BOX_COLUMNS, row, barrier);
}

DEVICE void produce(Places at, const TensorMap* q, const TensorMap* k, const TensorMap* v, int tiles) {
  barrier_expect(at.q_full(), TILE_BYTES);
  copy_tile(at.q, q, blockIdx.x * ROWS, at.q_full());
  for (int tile = 0; tile < tiles; tile++) {
    u32 slot = tile % SLOTS;
    barrier_wait(at.empty(slot), (tile / SLOTS & 1) ^ 1);
    barrier_expect(at.full(slot), 2 * TILE_BYTES);
    copy_tile(at.k(slot), k, tile * KEYS, at.full(slot));
    copy_tile(at.v(slot), v, tile * KEYS, at.full(slot));
  }
}

// Scores to weights against the new maximum of each row; o and sum are corrected for it.
DEVICE void soften(float (&s)[64], float (&o)[64], float (&largest)[2], float (&sum)[2], float factor, int keys_left) {
  int lane = threadIdx.x & 31;
#pragma unroll
  for (int i = 0; i < 64; i++) s[i] *= factor;
  if (keys_left < KEYS) {
#pragma unroll
    for (int i = 0; i < 64; i++) {
      if (i / 4 * 8 + 2 * (lane & 3) + (i & 1) >= keys_left) s[i] = -__int_as_float(0x7f800000);
    }
  }
#pragma unroll
  for (int half = 0; half < 2; half++) {
    float m = largest[half];
#pragma unroll
    for (int j = 0; j < 16; j++) m = fmaxf(m, fmaxf(s[4 * j + 2 * half], s[4 * j + 2 * half + 1]));
    m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, 1));
    m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, 2));
    float correction = exp2_approx(largest[half] - m);
    largest[half] = m;
    sum[half] *= correction;
#pragma unroll
    for (int j = 0; j < 16; j++) {
#pragma unroll
      for (int e = 4 * j + 2 * half; e < 4 * j + 2 * half + 2; e++) {
        s[e] = exp2_approx(s[e] - m);
        sum[half] += s[e];
        o[e] *= correction;
      }
    }
  }
}

DEVICE void attend(Places at, float scale, int keys, int tiles, float (&o)[64]) {
  int lane = threadIdx.x & 31;
  u32 own_rows = at.q + threadIdx.x / GROUP_THREADS * 64 * 128;
  float largest[2] = {-__int_as_float(0x7f800000), -__int_as_float(0x7f800000)};
  float sum[2] = {0.0f, 0.0f};
  float s[64];
#pragma unroll
  for (int i = 0; i < 64; i++) s[i] = o[i] = 0.0f;
  barrier_wait(at.q_full(), 0);
#pragma unroll 1
  for (int tile = 0; tile < tiles; tile++) {
    u32 slot = tile % SLOTS;
    barrier_wait(at.full(slot), tile / SLOTS & 1);
    pin(s);
    group_fence();
#pragma unroll
    for (int step = 0; step < COLUMNS / 16; step++) {
      u32 offset = step / 4 * BOX_BYTES + step % 4 * 32;
      Bf16Group::multiply_add(s, matrix_descriptor(own_rows + offset), matrix_descriptor(at.k(slot) + offset), step);
    }
    group_commit();
    group_wait<0>();
    pin(s);
    soften(s, o, largest, sum, scale * LOG2_E, keys - tile * KEYS);
    u32 p[KEYS / 16][4];
#pragma unroll
    for (int step = 0; step < KEYS / 16; step++)
#pragma unroll
      for (int i = 0; i < 4; i++) p[step][i] = pack_bf16(s[8 * step + 2 * i], s[8 * step + 2 * i + 1]);
    pin(o);
    group_fence();
#pragma unroll
    for (int step = 0; step < KEYS / 16; step++) {
      Bf16Group::multiply_add_transposed(o, p[step], transposed_descriptor(at.v(slot) + step * 16 * 128, BOX_BYTES));
    }
    group_commit();
    group_wait<0>();
    pin(o);
    if (lane == 0) barrier_arrive(at.empty(slot));
  }
#pragma unroll
  for (int half = 0; half < 2; half++) {
    sum[half] += __shfl_xor_sync(0xffffffffu, sum[half], 1);
    sum[half] += __shfl_xor_sync(0xffffffffu, sum[half], 2);
    float inverse = 1.0f / sum[half];
#pragma unroll
    for (int j = 0; j < 16; j++) {
      o[4 * j + 2 * half] *= inverse;
      o[4 * j + 2 * half + 1] *= inverse;
    }
  }
}

// Out through the memory of q, 16 rows of a warp in 16-byte pieces, piece p of row r at p ^ (r % 8).
DEVICE void write_out(Places at, const float (&o)[64], bf16* out, i64 rows, i64 pitch) {
  int lane = threadIdx.x & 31;
  int warp = threadIdx.x >> 5;
  u32 staged = at.q + warp * 16 * 256;
  asm volatile("bar.sync 1, 256;" ::: "memory");  // both groups have done with q
#pragma unroll
  for (int j = 0; j < 16; j++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int row = (lane >> 2) + 8 * half;
      u32 to = staged + row * 256 + (((j & ~7) | ((j ^ row) & 7)) << 4) + 4 * (lane & 3);
      asm volatile("st.shared.b32 [%0], %1;" ::"r"(to), "r"(pack_bf16(o[4 * j + 2 * half], o[4 * j + 2 * half + 1]))
                   : "memory");
    }
  }
  __syncwarp();
#pragma unroll 1
  for (int i = lane; i < 16 * 16; i += 32) {
    int row = i / 16;
    int piece = i % 16;
    i64 to_row = i64(blockIdx.x) * ROWS + warp * 16 + row;
    if (to_row >= rows) continue;
    uint4 eight;
    asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(eight.x), "=r"(eight.y), "=r"(eight.z), "=r"(eight.w)
                 : "r"(staged + row * 256 + (((piece & ~7) | ((piece ^ row) & 7)) << 4))
                 : "memory");
    *reinterpret_cast<uint4*>(out + to_row * pitch + blockIdx.y * COLUMNS + piece * 8) = eight;
  }
}

extern "C" __global__ void __launch_bounds__(3 * GROUP_THREADS, 1)
    attention_group_bf16_128(const __grid_constant__ TensorMap q, const __grid_constant__ TensorMap k,
                             const __grid_constant__ TensorMap v, bf16* out, i64 rows, int keys, int heads, float scale) {
  Places at{(shared_address(attention_memory) + 1023) / 1024 * 1024};
  if (threadIdx.x == 0) {
    barrier_init(at.q_full(), 1);
    for (u32 i = 0; i < SLOTS; i++) {
      barrier_init(at.full(i), 1);
      barrier_init(at.empty(i), 8);
    }
    barriers_ready();
  }
  __syncthreads();
  int tiles = (keys + KEYS - 1) / KEYS;
  if (threadIdx.x >= 2 * GROUP_THREADS) {
    give_registers<40>();
    if (threadIdx.x == 2 * GROUP_THREADS) produce(at, &q, &k, &v, tiles);
  } else {
    take_registers<232>();
    float o[64];
    attend(at, scale, keys, tiles, o);
    write_out(at, o, out, rows, i64(heads) * COLUMNS);
  }
}
