// Attention as in attention_bf16.cu in F32 arithmetic on the ordinary cores, for checking. One warp a row and head:
// each lane takes one key of 32 for the scores, then D / 32 of the value columns. D at most 384.
#include "wan.cuh"

constexpr int MOST = 384 / 32;

struct Context {
  const float* k;
  const float* v;
  i64 length;
};

struct Attention {
  const float* q;
  float* out;
  Context contexts[2];
  const float* bias;
  i64 rows;
  int context_count;
  int heads;
  int dimension;
  int bias_offset;
  float scale;
  int vector;
};

extern "C" __global__ void __launch_bounds__(128) attention_f32(Attention a) {
  i64 row = i64(blockIdx.x) * 4 + (threadIdx.x >> 5);
  if (row >= a.rows) return;
  int lane = threadIdx.x & 31;
  i64 pitch = i64(a.heads) * a.dimension;
  i64 head = i64(blockIdx.y) * a.dimension;
  const float* q = a.q + row * pitch + head;
  float total[MOST];
#pragma unroll
  for (int i = 0; i < MOST; i++) total[i] = 0.0f;
  for (int c = 0; c < a.context_count; c++) {
    const float* keys = (c == 0 ? a.contexts[0].k : a.contexts[1].k) + head;
    const float* values = (c == 0 ? a.contexts[0].v : a.contexts[1].v) + head;
    i64 length = c == 0 ? a.contexts[0].length : a.contexts[1].length;
    float o[MOST];
#pragma unroll
    for (int i = 0; i < MOST; i++) o[i] = 0.0f;
    float largest = -__int_as_float(0x7f800000);
    float sum = 0.0f;
    for (i64 first = 0; first < length; first += 32) {
      i64 key = first + lane;
      float s = -__int_as_float(0x7f800000);
      if (key < length) {
        s = 0.0f;
        for (int d = 0; d < a.dimension; d++) s = fmaf(q[d], keys[key * pitch + d], s);
        s *= a.scale;
        if (a.bias != nullptr) s += a.bias[(key - row + a.bias_offset) * a.heads + blockIdx.y];
      }
      float m = fmaxf(largest, warp_reduce<Max>(s));
      float correction = expf(largest - m);
      float p = expf(s - m);
      largest = m;
      sum = sum * correction + warp_reduce<Sum>(p);
#pragma unroll
      for (int i = 0; i < MOST; i++) o[i] *= correction;
      int count = int(length - first < 32 ? length - first : 32);
      for (int k = 0; k < count; k++) {
        float pk = __shfl_sync(0xffffffffu, p, k);
#pragma unroll
        for (int i = 0; i < MOST; i++) {
          int d = 32 * i + lane;
          if (d < a.dimension) o[i] = fmaf(pk, values[(first + k) * pitch + d], o[i]);
        }
      }
    }
#pragma unroll
    for (int i = 0; i < MOST; i++) total[i] += o[i] / sum;
  }
#pragma unroll
  for (int i = 0; i < MOST; i++) {
    int d = 32 * i + lane;
    if (d < a.dimension) a.out[row * pitch + head + d] = total[i];
  }
}
