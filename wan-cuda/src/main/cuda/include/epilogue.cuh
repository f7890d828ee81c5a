// What happens to a product before it leaves the kernel.
#pragma once
#include "wan.cuh"

enum EpilogueId { STORE = 0, ACTIVATE = 1, MULTIPLY = 2, ADD = 3, ADD_GATED = 4 };

// Four elements at a multiple of four elements, or one anywhere.
DEVICE void get(const float* p, float (&v)[4]) {
  float4 a = *reinterpret_cast<const float4*>(p);
  v[0] = a.x; v[1] = a.y; v[2] = a.z; v[3] = a.w;
}
DEVICE void get(const f32* p, float (&v)[4]) { get(reinterpret_cast<const float*>(p), v); }
DEVICE void get(const bf16* p, float (&v)[4]) {
  uint2 a = *reinterpret_cast<const uint2*>(p);
  v[0] = low_bf16(a.x); v[1] = high_bf16(a.x); v[2] = low_bf16(a.y); v[3] = high_bf16(a.y);
}
DEVICE void put(f32* p, const float (&v)[4]) { *reinterpret_cast<float4*>(p) = make_float4(v[0], v[1], v[2], v[3]); }
DEVICE void put(bf16* p, const float (&v)[4]) {
  *reinterpret_cast<uint2*>(p) = make_uint2(pack_bf16(v[0], v[1]), pack_bf16(v[2], v[3]));
}
DEVICE void get(const float* p, float (&v)[1]) { v[0] = *p; }
template <class T> DEVICE void get(const T* p, float (&v)[1]) { v[0] = to_float(*p); }
template <class T> DEVICE void put(T* p, const float (&v)[1]) { *p = from_float<T>(v[0]); }

// All pointers but out may be null where the epilogue does not use them. Vectors have one value a row or column.
struct Epilogue {
  void* out;               // [rows, columns]
  const float* row_scale;  // factor of each row, or null
  const float* col_scale;  // factor of each column (col_scale_step 1) or of all (0), or null
  const float* bias;       // a column, or null
  const float* addend;     // like out, or null
  const float* gate;       // a column
  const void* factor;      // like out, F32 or BF16
  int rows;
  int columns;
  int pitch;  // elements from row to row of out, addend, factor
  int col_scale_step;
  int kind;
  int activation;
  int factor_is_f32;
  float strength;  // of the product

  // y = activation(scaled y + bias + addend) and so on for COUNT elements from (row, column); all are in range.
  template <class Out, int COUNT> __device__ __forceinline__ void apply(float (&y)[COUNT], int row, int column) const {
    i64 at = i64(row) * pitch + column;
    float other[COUNT];
#pragma unroll
    for (int i = 0; i < COUNT; i++) y[i] *= strength;
    if (row_scale) {
      float s = row_scale[row];
#pragma unroll
      for (int i = 0; i < COUNT; i++) y[i] *= s;
    }
    if (col_scale && col_scale_step == 0) {
      float s = col_scale[0];
#pragma unroll
      for (int i = 0; i < COUNT; i++) y[i] *= s;
    } else if (col_scale) {
      get(col_scale + column, other);
#pragma unroll
      for (int i = 0; i < COUNT; i++) y[i] *= other[i];
    }
    if (bias) {
      get(bias + column, other);
#pragma unroll
      for (int i = 0; i < COUNT; i++) y[i] += other[i];
    }
    if (addend) {
      get(addend + at, other);
#pragma unroll
      for (int i = 0; i < COUNT; i++) y[i] += other[i];
    }
    if (kind == ACTIVATE) {
#pragma unroll
      for (int i = 0; i < COUNT; i++) y[i] = activate(y[i], activation);
    } else if (kind == MULTIPLY) {
      if (factor_is_f32) {
        get(static_cast<const float*>(factor) + at, other);
      } else {
        get(static_cast<const bf16*>(factor) + at, other);
      }
#pragma unroll
      for (int i = 0; i < COUNT; i++) y[i] *= other[i];
    } else if (kind == ADD_GATED) {
      get(gate + column, other);
#pragma unroll
      for (int i = 0; i < COUNT; i++) y[i] *= other[i];
    }
    Out* to = static_cast<Out*>(out) + at;
    if (kind >= ADD) {
      get(to, other);
#pragma unroll
      for (int i = 0; i < COUNT; i++) y[i] += other[i];
    }
    put(to, y);
  }

  // Elements (row, column) .. (row, column + 3); column is a multiple of 4.
  template <class Out> __device__ __forceinline__ void four(float (&y)[4], int row, int column) const {
    if (row >= rows) return;
    if (((columns | pitch) & 3) == 0) {
      if (column < columns) {
        apply<Out>(y, row, column);
      }
    } else {
#pragma unroll 1
      for (int i = 0; i < 4 && column + i < columns; i++) {
        float v[1] = {i == 0 ? y[0] : i == 1 ? y[1] : i == 2 ? y[2] : y[3]};
        apply<Out>(v, row, column + i);
      }
    }
  }
};
