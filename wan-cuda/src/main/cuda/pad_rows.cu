// Rows of C elements to rows of out_pitch >= C elements, the rest zero; converting or widening on the way.
// Brings operands of the matrix products to rows of whole 16-byte pieces, and 8-bit codes to BF16 (exact).
// x [L, C] with rows in_pitch apart. One thread an element of out.
#include "wan.cuh"

DEVICE float value(bf16 x) { return to_float(x); }
DEVICE float value(s8 x) { return float(x.bits); }
DEVICE float value(e4m3 x) {
  u32 magnitude = x.bits & 0x7fu;
  // below 2^-6: steps of 2^-9; else the exponent's bias moves from 7 to 127
  float a = magnitude < 8u ? float(magnitude) * 0.001953125f : __uint_as_float((magnitude << 20) + (120u << 23));
  if (magnitude == 0x7fu) a = __uint_as_float(0x7fc00000u);
  return x.bits & 0x80u ? -a : a;
}

template <class In, class Out>
DEVICE void body(const In* x, Out* out, i64 rows, int columns, int in_pitch, int out_pitch) {
  i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= rows * out_pitch) return;
  i64 row = i / out_pitch;
  int c = int(i - row * out_pitch);
  if constexpr (IsCode<Out>::value) {
    u8 code = 0;
    if (c < columns) code = reinterpret_cast<const u8*>(x)[row * in_pitch + c];
    reinterpret_cast<u8*>(out)[i] = code;
  } else {
    out[i] = from_float<Out>(c < columns ? value(x[row * in_pitch + c]) : 0.0f);
  }
}

#define KERNEL(IN, OUT)                                                                                      \
  extern "C" __global__ void pad_rows_##IN##_##OUT(const IN* x, OUT* out, i64 rows, int columns, int in_pitch, \
                                                   int out_pitch) {                                          \
    body(x, out, rows, columns, in_pitch, out_pitch);                                                        \
  }
KERNEL(s8, f32)
KERNEL(e4m3, f32)
KERNEL(bf16, bf16)
KERNEL(s8, bf16)
KERNEL(e4m3, bf16)
KERNEL(s8, s8)
KERNEL(e4m3, e4m3)
