// One block per row: the row is read once, kept in shared memory as F32, and written once.
// A thread touches the same columns in every pass, so only the reductions synchronise.
// Bound: device memory, bytes of x + bytes of out (+ parameters, which stay in L2).
#pragma once
#include "wan.cuh"

extern __shared__ float4 row_cache[];

struct Row {
  int columns;
  bool vector;  // 8 columns a step; needs columns % 8 == 0 and aligned rows

  // Slots of column group c (8 columns) in the cache: two conflict-free float4.
  DEVICE void put8(int group, int groups, const float v[8]) {
    row_cache[group] = make_float4(v[0], v[1], v[2], v[3]);
    row_cache[groups + group] = make_float4(v[4], v[5], v[6], v[7]);
  }

  DEVICE void get8(int group, int groups, float v[8]) {
    float4 a = row_cache[group];
    float4 b = row_cache[groups + group];
    v[0] = a.x; v[1] = a.y; v[2] = a.z; v[3] = a.w;
    v[4] = b.x; v[5] = b.y; v[6] = b.z; v[7] = b.w;
  }

  // Reads the row into the cache; visit(value) sees each element of this thread.
  template <class In, class Visit> __device__ __forceinline__ void read(const In* x, Visit visit) const {
    if (vector) {
      int groups = columns >> 3;
      for (int g = threadIdx.x; g < groups; g += blockDim.x) {
        float v[8];
        load8(x + 8 * g, v);
        put8(g, groups, v);
#pragma unroll
        for (int i = 0; i < 8; i++) visit(v[i]);
      }
    } else {
      float* cache = reinterpret_cast<float*>(row_cache);
      for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        float v = to_float(x[c]);
        cache[c] = v;
        visit(v);
      }
    }
  }

  // Visits each cached element of this thread.
  template <class Visit> __device__ __forceinline__ void visit(Visit visit) const {
    if (vector) {
      int groups = columns >> 3;
      for (int g = threadIdx.x; g < groups; g += blockDim.x) {
        float v[8];
        get8(g, groups, v);
#pragma unroll
        for (int i = 0; i < 8; i++) visit(v[i]);
      }
    } else {
      const float* cache = reinterpret_cast<const float*>(row_cache);
      for (int c = threadIdx.x; c < columns; c += blockDim.x) visit(cache[c]);
    }
  }

  // Replaces each cached element by map(column, value).
  template <class Map> __device__ __forceinline__ void replace(Map map) const {
    if (vector) {
      int groups = columns >> 3;
      for (int g = threadIdx.x; g < groups; g += blockDim.x) {
        float v[8];
        get8(g, groups, v);
        map.eight(8 * g, v);
        put8(g, groups, v);
      }
    } else {
      float* cache = reinterpret_cast<float*>(row_cache);
      for (int c = threadIdx.x; c < columns; c += blockDim.x) cache[c] = map.one(c, cache[c]);
    }
  }

  // Writes map(column, value) in a floating format.
  template <class Out, class Map> __device__ __forceinline__ void write(Out* out, Map map) const {
    if (vector) {
      int groups = columns >> 3;
      for (int g = threadIdx.x; g < groups; g += blockDim.x) {
        float v[8];
        get8(g, groups, v);
        map.eight(8 * g, v);
        store8(out + 8 * g, v);
      }
    } else {
      const float* cache = reinterpret_cast<const float*>(row_cache);
      for (int c = threadIdx.x; c < columns; c += blockDim.x) out[c] = from_float<Out>(map.one(c, cache[c]));
    }
  }

  // Quantises the cached row: codes and one scale.
  template <class Out> __device__ __forceinline__ void write_codes(Out* out, float* scale, float* scratch) const {
    float largest = 0.0f;
    visit([&](float v) { largest = fmaxf(largest, fabsf(v)); });
    float s = row_scale(block_reduce<Max>(largest, scratch), Code<Out>::LARGEST);
    if (threadIdx.x == 0) *scale = s;
    if (vector) {
      int groups = columns >> 3;
      for (int g = threadIdx.x; g < groups; g += blockDim.x) {
        float v[8];
        get8(g, groups, v);
#pragma unroll
        for (int i = 0; i < 8; i++) v[i] = v[i] / s;
        store8_codes(out + 8 * g, v);
      }
    } else {
      const float* cache = reinterpret_cast<const float*>(row_cache);
      for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        u32 code = Code<Out>::pack(cache[c] / s, 0.0f);
        reinterpret_cast<u8*>(out)[c] = u8(code);
      }
    }
  }

  // Writes map(column, value) in any format; row is the index of the row's scale.
  template <class Out, class Map>
  __device__ __forceinline__ void emit(Out* out, float* scales, i64 row, Map map, float* scratch) const {
    if constexpr (IsCode<Out>::value) {
      replace(map);
      write_codes(out, scales + row, scratch);
    } else {
      write(out, map);
    }
  }
};

DEVICE void load8_parameters(const float* p, float v[8]) { load8(reinterpret_cast<const f32*>(p), v); }

// (x - mean) * factor * (offset + scale[c]) + shift[c]
struct Affine {
  const float* scale;
  const float* shift;
  float mean;
  float factor;
  float offset;

  __device__ __forceinline__ void eight(int c, float v[8]) const {
    float a[8], b[8];
    load8_parameters(scale + c, a);
    load8_parameters(shift + c, b);
#pragma unroll
    for (int i = 0; i < 8; i++) v[i] = (v[i] - mean) * factor * (offset + a[i]) + b[i];
  }

  __device__ __forceinline__ float one(int c, float v) const {
    return (v - mean) * factor * (offset + scale[c]) + shift[c];
  }
};

// x * factor * weight[c]
struct Weighted {
  const float* weight;
  float factor;

  __device__ __forceinline__ void eight(int c, float v[8]) const {
    float a[8];
    load8_parameters(weight + c, a);
#pragma unroll
    for (int i = 0; i < 8; i++) v[i] = v[i] * factor * a[i];
  }

  __device__ __forceinline__ float one(int c, float v) const { return v * factor * weight[c]; }
};

struct Unchanged {
  __device__ __forceinline__ void eight(int, float*) const {}
  __device__ __forceinline__ float one(int, float v) const { return v; }
};

// Instantiates NAME_IN_OUT for every input and output format.
#define FOR_FLOAT_INPUTS(MACRO, OUT) MACRO(f32, OUT) MACRO(bf16, OUT)
#define FOR_FLOATS(MACRO) FOR_FLOAT_INPUTS(MACRO, f32) FOR_FLOAT_INPUTS(MACRO, bf16)
#define FOR_CODES(MACRO) FOR_FLOAT_INPUTS(MACRO, e4m3) FOR_FLOAT_INPUTS(MACRO, s8)
