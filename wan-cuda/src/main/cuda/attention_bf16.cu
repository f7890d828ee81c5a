// out = sum over contexts of softmax(scale q k^T + bias) v, per head, without an Lq x Lk array: keys pass in tiles, the
// running maximum and sum of each row are corrected as they grow (online softmax). q, out [Lq, H D]; k, v [Lk, H D], BF16.
//
// A block takes 16 rows a warp of one head, and DV of the D value columns (blockIdx.z; more than one slice repeats q k^T).
// Tiles lie in shared memory in rows of 16-byte pieces, piece p of row r at p ^ (r % 8) within its group of eight, so that
// copies, ldmatrix and its transpose touch all 32 banks once. Products: mma.sync m16n8k16, F32 sums; P is rounded to BF16.
// Bound: the tensor cores, 4 Lq Lk H D operations; bytes: q and out once, k and v once a block (from L2).
#include "tensor_core.cuh"

extern __shared__ uint4 attention_tiles[];

constexpr float LOG2_E = 1.4426950408889634f;

struct Context {
  const bf16* k;
  const bf16* v;
  i64 length;
};

struct Attention {
  const bf16* q;
  bf16* out;
  Context contexts[2];
  const float* bias;  // [distances, heads], or null
  i64 rows;
  int context_count;
  int heads;
  int dimension;    // D
  int bias_offset;  // row of distance 0
  float scale;
  int vector;  // D % 8 == 0 and all addresses are multiples of 16

  __device__ __forceinline__ i64 pitch() const { return i64(heads) * dimension; }
};

DEVICE float exp2_approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

template <int COLUMNS> DEVICE u32 tile_offset(int row, int piece) {
  return u32(row * COLUMNS * 2 + (((piece & ~7) | ((piece ^ row) & 7)) << 4));
}

// Brings ROWS x COLUMNS elements from row `first` and column `column` of a head to shared memory, zeros outside.
template <int ROWS, int COLUMNS, int THREADS>
DEVICE void fetch(u32 tile, const bf16* base, const Attention& a, i64 first, i64 rows, int column) {
  constexpr int PIECES = COLUMNS / 8;
  static_assert(ROWS * PIECES % THREADS == 0, "whole rounds");
#pragma unroll(COLUMNS <= 128 ? ROWS * PIECES / THREADS : 1)
  for (int round = 0; round < ROWS * PIECES / THREADS; round++) {
    int i = round * THREADS + threadIdx.x;
    int row = i / PIECES;
    int piece = i % PIECES;
    int c = column + piece * 8;
    const bf16* from = base + (first + row) * a.pitch() + i64(blockIdx.y) * a.dimension + c;
    u32 to = tile + tile_offset<COLUMNS>(row, piece);
    if (a.vector) {
      bool valid = first + row < rows && c < a.dimension;
      copy16(to, valid ? from : base, valid);
    } else {
      u32 words[4];
#pragma unroll
      for (int e = 0; e < 8; e++) {
        u32 bits = 0;
        if (first + row < rows && c + e < a.dimension) bits = from[e].bits;
        words[e / 2] = e % 2 == 0 ? bits : words[e / 2] | (bits << 16);
      }
      asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(words[0]), "r"(words[1]), "r"(words[2]),
                   "r"(words[3])
                   : "memory");
    }
  }
}

// GENERAL: any number of contexts up to two, bias. Else one context without bias.
template <int DK, int DV, int WARPS, int KEYS, int STAGES, bool GENERAL> DEVICE void attend(const Attention& a) {
  constexpr int THREADS = 32 * WARPS;
  constexpr int Q_BYTES = 16 * WARPS * DK * 2;
  constexpr int K_BYTES = KEYS * DK * 2;
  constexpr int SLOT_BYTES = K_BYTES + KEYS * DV * 2;
  constexpr bool Q_IN_REGISTERS = DK <= 128 && !GENERAL;
  int lane = threadIdx.x & 31;
  int warp = threadIdx.x >> 5;
  i64 first_row = i64(blockIdx.x) * 16 * WARPS;
  int v_column = blockIdx.z * DV;
  u32 q_tile = shared_address(attention_tiles);
  u32 slots = q_tile + Q_BYTES;

  fetch<16 * WARPS, DK, THREADS>(q_tile, a.q, a, first_row, a.rows, 0);
  copies_commit();

  float total[GENERAL ? DV / 8 : 1][4];
  float o[DV / 8][4];
  if constexpr (GENERAL) {
#pragma unroll
    for (int j = 0; j < DV / 8; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) total[j][e] = 0.0f;
  }
  u32 q[Q_IN_REGISTERS ? DK / 16 : 1][4];
  if constexpr (Q_IN_REGISTERS) {
    copies_wait<0>();
    __syncthreads();
#pragma unroll
    for (int k = 0; k < DK / 16; k++) {
      load_matrices(q_tile + tile_offset<DK>(16 * warp + (lane & 15), 2 * k + (lane >> 4)), q[k]);
    }
  }

  int context_count = GENERAL ? a.context_count : 1;
#pragma unroll 1
  for (int c = 0; c < context_count; c++) {
    const bf16* keys = c == 0 ? a.contexts[0].k : a.contexts[1].k;
    const bf16* values = c == 0 ? a.contexts[0].v : a.contexts[1].v;
    i64 length = c == 0 ? a.contexts[0].length : a.contexts[1].length;
    int tiles = int((length + KEYS - 1) / KEYS);
    auto fetch_tile = [&](int tile) {
      u32 slot = slots + tile % STAGES * SLOT_BYTES;
      fetch<KEYS, DK, THREADS>(slot, keys, a, i64(tile) * KEYS, length, 0);
      fetch<KEYS, DV, THREADS>(slot + K_BYTES, values, a, i64(tile) * KEYS, length, v_column);
    };
    float largest[2] = {-__int_as_float(0x7f800000), -__int_as_float(0x7f800000)};
    float sum[2] = {0.0f, 0.0f};
#pragma unroll
    for (int j = 0; j < DV / 8; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) o[j][e] = 0.0f;

    if constexpr (STAGES == 2) {
      fetch_tile(0);
      copies_commit();
    }
#pragma unroll 1
    for (int tile = 0; tile < tiles; tile++) {
      if constexpr (STAGES == 2) {
        if (tile + 1 < tiles) fetch_tile(tile + 1);
        copies_commit();
        copies_wait<1>();
      } else {
        fetch_tile(tile);
        copies_commit();
        copies_wait<0>();
      }
      __syncthreads();
      u32 k_tile = slots + tile % STAGES * SLOT_BYTES;
      u32 v_tile = k_tile + K_BYTES;

      // S = q k^T
      float s[KEYS / 8][4];
#pragma unroll
      for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) s[j][e] = 0.0f;
#pragma unroll(DK <= 128 ? DK / 16 : 2)
      for (int k = 0; k < DK / 16; k++) {
        u32 loaded[4];
        if constexpr (!Q_IN_REGISTERS) {
          load_matrices(q_tile + tile_offset<DK>(16 * warp + (lane & 15), 2 * k + (lane >> 4)), loaded);
        }
        u32(&qk)[4] = Q_IN_REGISTERS ? q[Q_IN_REGISTERS ? k : 0] : loaded;
#pragma unroll
        for (int j = 0; j < KEYS / 8; j += 2) {
          u32 b[4];
          load_matrices(
              k_tile + tile_offset<DK>(8 * j + (lane & 7) + ((lane >> 4) << 3), 2 * k + ((lane >> 3) & 1)), b);
          Bf16Product::multiply_add(s[j], qk, b[0], b[1]);
          Bf16Product::multiply_add(s[j + 1], qk, b[2], b[3]);
        }
      }

      // to base 2, with bias, and keys past the end out of the way
      i64 first_key = i64(tile) * KEYS;
      float factor = a.scale * LOG2_E;
      bool whole = first_key + KEYS <= length;
      if (GENERAL || !whole) {
#pragma unroll
        for (int j = 0; j < KEYS / 8; j++) {
#pragma unroll
          for (int e = 0; e < 4; e++) {
            i64 key = first_key + 8 * j + 2 * (lane & 3) + (e & 1);
            i64 row = first_row + 16 * warp + (lane >> 2) + (e >> 1) * 8;
            float x = s[j][e] * factor;
            if (GENERAL && a.bias != nullptr && key < length && row < a.rows) {
              x += a.bias[(key - row + a.bias_offset) * a.heads + blockIdx.y] * LOG2_E;
            }
            s[j][e] = key < length ? x : -__int_as_float(0x7f800000);
          }
        }
      } else {
#pragma unroll
        for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
          for (int e = 0; e < 4; e++) s[j][e] *= factor;
      }

      // correct what was summed for the new maximum, then exponentials
      float correction[2];
#pragma unroll
      for (int half = 0; half < 2; half++) {
        float m = largest[half];
#pragma unroll
        for (int j = 0; j < KEYS / 8; j++) m = fmaxf(m, fmaxf(s[j][2 * half], s[j][2 * half + 1]));
        m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, 1));
        m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, 2));
        correction[half] = exp2_approx(largest[half] - m);
        largest[half] = m;
        sum[half] *= correction[half];
#pragma unroll
        for (int j = 0; j < KEYS / 8; j++) {
#pragma unroll
          for (int e = 2 * half; e < 2 * half + 2; e++) {
            s[j][e] = exp2_approx(s[j][e] - m);
            sum[half] += s[j][e];
          }
        }
      }
#pragma unroll
      for (int j = 0; j < DV / 8; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) o[j][e] *= correction[e >> 1];

      // O += P v
#pragma unroll
      for (int k = 0; k < KEYS / 16; k++) {
        u32 p[4] = {pack_bf16(s[2 * k][0], s[2 * k][1]), pack_bf16(s[2 * k][2], s[2 * k][3]),
                    pack_bf16(s[2 * k + 1][0], s[2 * k + 1][1]), pack_bf16(s[2 * k + 1][2], s[2 * k + 1][3])};
#pragma unroll
        for (int j = 0; j < DV / 8; j += 2) {
          u32 b[4];
          load_matrices_transposed(v_tile + tile_offset<DV>(16 * k + (lane & 15), j + (lane >> 4)), b);
          Bf16Product::multiply_add(o[j], p, b[0], b[1]);
          Bf16Product::multiply_add(o[j + 1], p, b[2], b[3]);
        }
      }
      __syncthreads();
    }

#pragma unroll
    for (int half = 0; half < 2; half++) {
      sum[half] += __shfl_xor_sync(0xffffffffu, sum[half], 1);
      sum[half] += __shfl_xor_sync(0xffffffffu, sum[half], 2);
      float inverse = 1.0f / sum[half];
#pragma unroll
      for (int j = 0; j < DV / 8; j++) {
        o[j][2 * half] *= inverse;
        o[j][2 * half + 1] *= inverse;
      }
    }
    if constexpr (GENERAL) {
#pragma unroll
      for (int j = 0; j < DV / 8; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) total[j][e] += o[j][e];
    }
  }

  // Out through shared memory in whole pieces; the slots are free since the last barrier, each warp has rows of its own.
#pragma unroll
  for (int j = 0; j < DV / 8; j++) {
    float* r = GENERAL ? total[GENERAL ? j : 0] : o[j];
#pragma unroll
    for (int half = 0; half < 2; half++) {
      u32 at = slots + tile_offset<DV>(16 * warp + (lane >> 2) + 8 * half, j) + 4 * (lane & 3);
      asm volatile("st.shared.b32 [%0], %1;" ::"r"(at), "r"(pack_bf16(r[2 * half], r[2 * half + 1])) : "memory");
    }
  }
  __syncwarp();
#pragma unroll 1
  for (int i = lane; i < 16 * DV / 8; i += 32) {
    int row = i / (DV / 8);
    int piece = i % (DV / 8);
    int c = v_column + piece * 8;
    i64 to_row = first_row + 16 * warp + row;
    if (to_row >= a.rows || c >= a.dimension) continue;
    uint4 eight;
    asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(eight.x), "=r"(eight.y), "=r"(eight.z), "=r"(eight.w)
                 : "r"(slots + tile_offset<DV>(16 * warp + row, piece))
                 : "memory");
    bf16* to = a.out + to_row * a.pitch() + i64(blockIdx.y) * a.dimension + c;
    if (a.vector) {
      *reinterpret_cast<uint4*>(to) = eight;
    } else {
#pragma unroll 1
      for (int e = 0; e < 8 && c + e < a.dimension; e++) {
        u32 word = e < 2 ? eight.x : e < 4 ? eight.y : e < 6 ? eight.z : eight.w;
        to[e] = bf16{u16(e % 2 == 0 ? word : word >> 16)};
      }
    }
  }
}

// Shared bytes: 2 (16 WARPS DK + STAGES KEYS (DK + DV)).
#define KERNEL(NAME, DK, DV, WARPS, KEYS, STAGES, GENERAL)                                                  \
  extern "C" __global__ void __launch_bounds__(32 * WARPS, 1) attention_bf16_##NAME(Attention a) {          \
    static_assert(STAGES * KEYS * (DK + DV) >= 16 * WARPS * DV, "room for the result");                     \
    attend<DK, DV, WARPS, KEYS, STAGES, GENERAL>(a);                                                        \
  }
KERNEL(64, 64, 64, 8, 64, 2, false)
KERNEL(128, 128, 128, 8, 64, 2, false)
KERNEL(64_general, 64, 64, 4, 32, 2, true)
KERNEL(128_general, 128, 128, 4, 32, 2, true)
KERNEL(384_general, 384, 128, 4, 32, 1, true)
