// out = softmax(scale q k^T) v per head of 128 columns, with q k^T in 8 bits: the way of SageAttention2 (arXiv 2411.10958).
//
// Before: k loses its mean over all keys, which changes no softmax and takes away what most keys have in common; q and k
// become I8 with one scale a row and head; v becomes F16 after division by a power of two a column, which is exact but for
// values 2^-14 below the largest. The row's scale of q holds scale and log2(e).
// The product of codes is exact in I32; P is rounded to F16 (11 bits, P <= 1); P v sums in F32.
//
// A block takes 128 rows of one head; keys pass in tiles of 64, two in flight, with the online softmax of attention_bf16.cu.
// Rows of 16-byte pieces, piece p of row r at p ^ (r % 8) within its group of eight: no bank conflicts.
// Bound: the tensor cores, 2 Lq Lk H D operations of I8 and as many of F16; bytes: codes and v once a block (from L2).
#include "tensor_core.cuh"

extern __shared__ uint4 attention_tiles[];

constexpr int D = 128;
constexpr int WARPS = 8;
constexpr int THREADS = 32 * WARPS;
constexpr int KEYS = 64;
constexpr int Q_BYTES = 16 * WARPS * D;
constexpr int K_BYTES = KEYS * D;
constexpr int V_BYTES = KEYS * D * 2;
constexpr int SLOT_BYTES = K_BYTES + V_BYTES + KEYS * 4;  // codes of k, v, scales of k

// ---- preparation: heads are blockIdx.y, or blockIdx.x of the columns ----

// By column of a head: the mean of k, and a power of two above all |v|.
extern "C" __global__ void __launch_bounds__(THREADS)
    attention_s8_columns(const bf16* k, const bf16* v, float* mean, float* factor, i64 rows, i64 pitch) {
  __shared__ float4 sums[2][THREADS];
  __shared__ float4 tops[2][THREADS];
  int piece = threadIdx.x & 15;
  i64 column = i64(blockIdx.x) * D + 8 * piece;
  float sum[8], top[8];
#pragma unroll
  for (int e = 0; e < 8; e++) sum[e] = top[e] = 0.0f;
#pragma unroll 1
  for (i64 row = threadIdx.x >> 4; row < rows; row += THREADS / 16) {
    float a[8], b[8];
    load8(k + row * pitch + column, a);
    load8(v + row * pitch + column, b);
#pragma unroll
    for (int e = 0; e < 8; e++) {
      sum[e] += a[e];
      top[e] = fmaxf(top[e], fabsf(b[e]));
    }
  }
  sums[0][threadIdx.x] = make_float4(sum[0], sum[1], sum[2], sum[3]);
  sums[1][threadIdx.x] = make_float4(sum[4], sum[5], sum[6], sum[7]);
  tops[0][threadIdx.x] = make_float4(top[0], top[1], top[2], top[3]);
  tops[1][threadIdx.x] = make_float4(top[4], top[5], top[6], top[7]);
  __syncthreads();
  if (threadIdx.x >= D) return;
  int half = threadIdx.x >> 6;
  int word = threadIdx.x & 63;
  const float* s = reinterpret_cast<const float*>(sums[half]) + word;
  const float* t = reinterpret_cast<const float*>(tops[half]) + word;
  float total = 0.0f, largest = 0.0f;
#pragma unroll
  for (int i = 0; i < THREADS / 16; i++) {
    total += s[64 * i];
    largest = fmaxf(largest, t[64 * i]);
  }
  i64 to = i64(blockIdx.x) * D + 8 * (word >> 2) + 4 * half + (word & 3);
  u32 exponent = min(max(__float_as_uint(largest) >> 23, 1u), 250u);
  mean[to] = total / float(rows);
  factor[to] = __uint_as_float((exponent + 1) << 23);
}

// codes[head][row] = round((x - mean) / s), s = max(largest, 1e-8) / 127; scales[head][row] = s * times, 0 past the rows.
extern "C" __global__ void __launch_bounds__(THREADS)
    attention_s8_codes(const bf16* x, const float* mean, s8* codes, float* scales, i64 rows, i64 pitch, i64 scale_pitch,
                       float times) {
  i64 row = i64(blockIdx.x) * (THREADS / 16) + (threadIdx.x >> 4);
  int piece = threadIdx.x & 15;
  i64 head = blockIdx.y;
  float v[8];
#pragma unroll
  for (int e = 0; e < 8; e++) v[e] = 0.0f;
  if (row < rows) {
    load8(x + row * pitch + head * D + 8 * piece, v);
    if (mean != nullptr) {
      float m[8];
      load8(reinterpret_cast<const f32*>(mean) + head * D + 8 * piece, m);
#pragma unroll
      for (int e = 0; e < 8; e++) v[e] -= m[e];
    }
  }
  float largest = 0.0f;
#pragma unroll
  for (int e = 0; e < 8; e++) largest = fmaxf(largest, fabsf(v[e]));
#pragma unroll
  for (int step = 8; step > 0; step >>= 1) largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, step));
  float s = row_scale(largest, Code<s8>::LARGEST);
  if (row < rows) {
#pragma unroll
    for (int e = 0; e < 8; e++) v[e] = v[e] / s;
    store8_codes(codes + (head * rows + row) * D + 8 * piece, v);
  }
  if (piece == 0) scales[head * scale_pitch + row] = row < rows ? s * times : 0.0f;
}

// out[head][row] = v / factor in F16.
extern "C" __global__ void __launch_bounds__(THREADS)
    attention_s8_values(const bf16* v, const float* factor, f16* out, i64 rows, i64 pitch) {
  i64 row = i64(blockIdx.x) * (THREADS / 16) + (threadIdx.x >> 4);
  int piece = threadIdx.x & 15;
  i64 head = blockIdx.y;
  if (row >= rows) return;
  float x[8], f[8];
  load8(v + row * pitch + head * D + 8 * piece, x);
  load8(reinterpret_cast<const f32*>(factor) + head * D + 8 * piece, f);
#pragma unroll
  for (int e = 0; e < 8; e++) x[e] = x[e] / f[e];
  store8(out + (head * rows + row) * D + 8 * piece, x);
}

// ---- attention ----

struct Attention {
  const s8* q;            // [heads][rows][128]
  const s8* k;            // [heads][keys][128]
  const f16* v;           // [heads][keys][128]
  const float* q_scales;  // [heads][q_scale_pitch]
  const float* k_scales;  // [heads][k_scale_pitch]
  const float* factor;    // [heads][128]
  bf16* out;              // rows out_pitch apart, heads next to each other
  i64 rows;
  i64 keys;
  i64 q_scale_pitch;
  i64 k_scale_pitch;
  i64 out_pitch;
};

struct F16Product {
  DEVICE void multiply_add(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
};

DEVICE float exp2_approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

DEVICE u32 pack_f16(float low, float high) {
  return u32(from_float<f16>(low).bits) | (u32(from_float<f16>(high).bits) << 16);
}

template <int BYTES> DEVICE u32 tile_offset(int row, int piece) {
  return u32(row * BYTES + (((piece & ~7) | ((piece ^ row) & 7)) << 4));
}

// Brings ROWS rows of BYTES bytes from row `first` to shared memory, zeros past the end.
template <int ROWS, int BYTES> DEVICE void fetch(u32 tile, const void* base, i64 first, i64 rows) {
  constexpr int PIECES = BYTES / 16;
  static_assert(ROWS * PIECES % THREADS == 0, "whole rounds");
#pragma unroll
  for (int round = 0; round < ROWS * PIECES / THREADS; round++) {
    int i = round * THREADS + threadIdx.x;
    int row = i / PIECES;
    int piece = i % PIECES;
    bool valid = first + row < rows;
    const u8* from = static_cast<const u8*>(base) + (first + row) * BYTES + 16 * piece;
    copy16(tile + tile_offset<BYTES>(row, piece), valid ? from : base, valid);
  }
}

DEVICE float2 load_pair(u32 address) {
  float2 pair;
  asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(pair.x), "=f"(pair.y) : "r"(address) : "memory");
  return pair;
}

// Shared bytes: 128 * 128 + 2 * 64 * (128 + 256 + 4).
extern "C" __global__ void __launch_bounds__(THREADS, 1) attention_s8_128(Attention a) {
  int lane = threadIdx.x & 31;
  int warp = threadIdx.x >> 5;
  i64 head = blockIdx.y;
  i64 first_row = i64(blockIdx.x) * 16 * WARPS;
  u32 q_tile = shared_address(attention_tiles);
  u32 slots = q_tile + Q_BYTES;
  const s8* keys = a.k + head * a.keys * D;
  const f16* values = a.v + head * a.keys * D;
  const float* key_scales = a.k_scales + head * a.k_scale_pitch;
  int tiles = int((a.keys + KEYS - 1) / KEYS);

  fetch<16 * WARPS, D>(q_tile, a.q + head * a.rows * D, first_row, a.rows);
  copies_commit();
  auto fetch_tile = [&](int tile) {
    u32 slot = slots + tile % 2 * SLOT_BYTES;
    fetch<KEYS, D>(slot, keys, i64(tile) * KEYS, a.keys);
    fetch<KEYS, 2 * D>(slot + K_BYTES, values, i64(tile) * KEYS, a.keys);
    if (threadIdx.x < KEYS / 4) {  // scales reach to the end of the tile, with zeros
      copy16(slot + K_BYTES + V_BYTES + 16 * threadIdx.x, key_scales + i64(tile) * KEYS + 4 * threadIdx.x, true);
    }
  };
  fetch_tile(0);
  copies_commit();

  copies_wait<1>();
  __syncthreads();
  u32 q[D / 32][4];
#pragma unroll
  for (int k = 0; k < D / 32; k++) {
    load_matrices(q_tile + tile_offset<D>(16 * warp + (lane & 15), 2 * k + (lane >> 4)), q[k]);
  }
  float row_scales[2];
  float largest[2] = {-__int_as_float(0x7f800000), -__int_as_float(0x7f800000)};
  float sum[2] = {0.0f, 0.0f};
#pragma unroll
  for (int half = 0; half < 2; half++) {
    row_scales[half] = a.q_scales[head * a.q_scale_pitch + first_row + 16 * warp + (lane >> 2) + 8 * half];
  }
  float o[D / 8][4];
#pragma unroll
  for (int j = 0; j < D / 8; j++)
#pragma unroll
    for (int e = 0; e < 4; e++) o[j][e] = 0.0f;

#pragma unroll 1
  for (int tile = 0; tile < tiles; tile++) {
    if (tile + 1 < tiles) fetch_tile(tile + 1);
    copies_commit();
    copies_wait<1>();
    __syncthreads();
    u32 k_tile = slots + tile % 2 * SLOT_BYTES;
    u32 v_tile = k_tile + K_BYTES;
    u32 scales_tile = v_tile + V_BYTES + 8 * (lane & 3);
    i64 first_key = i64(tile) * KEYS;

    // codes of q times codes of k
    int codes[KEYS / 8][4];
#pragma unroll
    for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) codes[j][e] = 0;
#pragma unroll
    for (int k = 0; k < D / 32; k++) {
#pragma unroll
      for (int j = 0; j < KEYS / 8; j += 2) {
        u32 b[4];
        load_matrices(k_tile + tile_offset<D>(8 * j + (lane & 7) + ((lane >> 4) << 3), 2 * k + ((lane >> 3) & 1)), b);
        S8Product::multiply_add(codes[j], q[k], b[0], b[1]);
        S8Product::multiply_add(codes[j + 1], q[k], b[2], b[3]);
      }
    }

    // scores to base 2, keys past the end out of the way
    float s[KEYS / 8][4];
    bool whole = first_key + KEYS <= a.keys;
#pragma unroll
    for (int j = 0; j < KEYS / 8; j++) {
      float2 scales = load_pair(scales_tile + 32 * j);
#pragma unroll
      for (int e = 0; e < 4; e++) {
        s[j][e] = float(codes[j][e]) * (row_scales[e >> 1] * (e % 2 == 0 ? scales.x : scales.y));
        if (!whole && first_key + 8 * j + 2 * (lane & 3) + (e & 1) >= a.keys) s[j][e] = -__int_as_float(0x7f800000);
      }
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
    for (int j = 0; j < D / 8; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) o[j][e] *= correction[e >> 1];

    // O += P v
#pragma unroll
    for (int k = 0; k < KEYS / 16; k++) {
      u32 p[4] = {pack_f16(s[2 * k][0], s[2 * k][1]), pack_f16(s[2 * k][2], s[2 * k][3]),
                  pack_f16(s[2 * k + 1][0], s[2 * k + 1][1]), pack_f16(s[2 * k + 1][2], s[2 * k + 1][3])};
#pragma unroll
      for (int j = 0; j < D / 8; j += 2) {
        u32 b[4];
        load_matrices_transposed(v_tile + tile_offset<2 * D>(16 * k + (lane & 15), j + (lane >> 4)), b);
        F16Product::multiply_add(o[j], p, b[0], b[1]);
        F16Product::multiply_add(o[j + 1], p, b[2], b[3]);
      }
    }
    __syncthreads();
  }

#pragma unroll
  for (int half = 0; half < 2; half++) {
    sum[half] += __shfl_xor_sync(0xffffffffu, sum[half], 1);
    sum[half] += __shfl_xor_sync(0xffffffffu, sum[half], 2);
    sum[half] = 1.0f / sum[half];
  }
  // Out through shared memory in whole pieces; the slots are free since the last barrier, each warp has rows of its own.
#pragma unroll
  for (int j = 0; j < D / 8; j++) {
    float2 f = *reinterpret_cast<const float2*>(a.factor + head * D + 8 * j + 2 * (lane & 3));
#pragma unroll
    for (int half = 0; half < 2; half++) {
      u32 at = slots + tile_offset<2 * D>(16 * warp + (lane >> 2) + 8 * half, j) + 4 * (lane & 3);
      u32 pair = pack_bf16(o[j][2 * half] * sum[half] * f.x, o[j][2 * half + 1] * sum[half] * f.y);
      asm volatile("st.shared.b32 [%0], %1;" ::"r"(at), "r"(pair) : "memory");
    }
  }
  __syncwarp();
#pragma unroll 1
  for (int i = lane; i < 16 * D / 8; i += 32) {
    int row = i / (D / 8);
    int piece = i % (D / 8);
    i64 to_row = first_row + 16 * warp + row;
    if (to_row >= a.rows) continue;
    uint4 eight;
    asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(eight.x), "=r"(eight.y), "=r"(eight.z), "=r"(eight.w)
                 : "r"(slots + tile_offset<2 * D>(16 * warp + row, piece))
                 : "memory");
    *reinterpret_cast<uint4*>(a.out + to_row * a.out_pitch + head * D + 8 * piece) = eight;
  }
}
