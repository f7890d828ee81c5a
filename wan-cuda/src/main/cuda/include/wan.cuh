// Number formats, vector loads and reductions shared by all kernels. NVRTC comes without headers: this is all there is.
#pragma once

typedef signed char i8;
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

struct f32 { float value; };
struct bf16 { u16 bits; };
struct f16 { u16 bits; };
struct e4m3 { u8 bits; };
struct s8 { i8 bits; };

#define DEVICE static __device__ __forceinline__

// ---- one element ----

DEVICE float to_float(f32 x) { return x.value; }
DEVICE float to_float(bf16 x) { return __uint_as_float(u32(x.bits) << 16); }
DEVICE float to_float(f16 x) {
  float y;
  asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
  return y;
}

template <class T> DEVICE T from_float(float x);
template <> __device__ __forceinline__ f32 from_float<f32>(float x) { return f32{x}; }
template <> __device__ __forceinline__ bf16 from_float<bf16>(float x) {
  bf16 y;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  return y;
}
template <> __device__ __forceinline__ f16 from_float<f16>(float x) {
  f16 y;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  return y;
}

// Two floats to packed BF16, the first in the low half.
DEVICE u32 pack_bf16(float low, float high) {
  u32 y;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low));
  return y;
}

DEVICE float low_bf16(u32 pair) { return __uint_as_float(pair << 16); }
DEVICE float high_bf16(u32 pair) { return __uint_as_float(pair & 0xffff0000u); }

// E4M3, round to nearest even, saturating at 448. Two at once, the first in the low byte.
DEVICE u32 pack_e4m3(float low, float high) {
#if __CUDA_ARCH__ >= 890
  u16 y;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(y) : "f"(high), "f"(low));
  return y;
#else
  u32 pair = 0;
#pragma unroll
  for (int i = 0; i < 2; i++) {
    float x = i == 0 ? low : high;
    u32 sign = (__float_as_uint(x) >> 24) & 0x80u;
    float a = fabsf(x);
    u32 code;
    if (a < 0.015625f) {  // below 2^-6 the step is 2^-9
      code = u32(__float2int_rn(a * 512.0f));
    } else {
      u32 bits = __float_as_uint(a);
      bits += 0x7ffffu + ((bits >> 20) & 1u);  // nearest even at 3 bits of mantissa
      code = (bits >> 20) - ((127u - 7u) << 3);
      code = bits >= 0x7f800000u && a != a ? 0x7fu : min(code, 0x7eu);
    }
    pair |= (sign | code) << (8 * i);
  }
  return pair;
#endif
}

DEVICE u32 pack_s8(float low, float high) {
  int a = max(-128, min(127, __float2int_rn(low)));
  int b = max(-128, min(127, __float2int_rn(high)));
  return (u32(a) & 0xffu) | ((u32(b) & 0xffu) << 8);
}

// The largest code of a quantised format, and its packing.
template <class T> struct Code;
template <> struct Code<e4m3> {
  static constexpr float LARGEST = 448.0f;
  DEVICE u32 pack(float low, float high) { return pack_e4m3(low, high); }
};
template <> struct Code<s8> {
  static constexpr float LARGEST = 127.0f;
  DEVICE u32 pack(float low, float high) { return pack_s8(low, high); }
};

template <class T> struct IsCode { static constexpr bool value = false; };
template <> struct IsCode<e4m3> { static constexpr bool value = true; };
template <> struct IsCode<s8> { static constexpr bool value = true; };

// The scale of a quantised row.
DEVICE float row_scale(float largest, float code) { return fmaxf(largest, 1e-8f) / code; }

// ---- eight elements, 16-byte accesses; the address is a multiple of 16 (8 for codes) ----

DEVICE void load8(const f32* p, float v[8]) {
  float4 a = reinterpret_cast<const float4*>(p)[0];
  float4 b = reinterpret_cast<const float4*>(p)[1];
  v[0] = a.x; v[1] = a.y; v[2] = a.z; v[3] = a.w;
  v[4] = b.x; v[5] = b.y; v[6] = b.z; v[7] = b.w;
}

DEVICE void load8(const bf16* p, float v[8]) {
  uint4 a = *reinterpret_cast<const uint4*>(p);
  v[0] = low_bf16(a.x); v[1] = high_bf16(a.x); v[2] = low_bf16(a.y); v[3] = high_bf16(a.y);
  v[4] = low_bf16(a.z); v[5] = high_bf16(a.z); v[6] = low_bf16(a.w); v[7] = high_bf16(a.w);
}

DEVICE void load8(const f16* p, float v[8]) {
  uint4 a = *reinterpret_cast<const uint4*>(p);
  u32 words[4] = {a.x, a.y, a.z, a.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    v[2 * i] = to_float(f16{u16(words[i])});
    v[2 * i + 1] = to_float(f16{u16(words[i] >> 16)});
  }
}

DEVICE void store8(f32* p, const float v[8]) {
  reinterpret_cast<float4*>(p)[0] = make_float4(v[0], v[1], v[2], v[3]);
  reinterpret_cast<float4*>(p)[1] = make_float4(v[4], v[5], v[6], v[7]);
}

DEVICE void store8(bf16* p, const float v[8]) {
  *reinterpret_cast<uint4*>(p) = make_uint4(
      pack_bf16(v[0], v[1]), pack_bf16(v[2], v[3]), pack_bf16(v[4], v[5]), pack_bf16(v[6], v[7]));
}

DEVICE void store8(f16* p, const float v[8]) {
  u32 words[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    words[i] = u32(from_float<f16>(v[2 * i]).bits) | (u32(from_float<f16>(v[2 * i + 1]).bits) << 16);
  }
  *reinterpret_cast<uint4*>(p) = make_uint4(words[0], words[1], words[2], words[3]);
}

template <class T> DEVICE void store8_codes(T* p, const float v[8]) {
  u32 low = Code<T>::pack(v[0], v[1]) | (Code<T>::pack(v[2], v[3]) << 16);
  u32 high = Code<T>::pack(v[4], v[5]) | (Code<T>::pack(v[6], v[7]) << 16);
  *reinterpret_cast<uint2*>(p) = make_uint2(low, high);
}

// ---- activations ----

enum ActivationId { IDENTITY = 0, SILU = 1, GELU_TANH = 2, GELU_ERF = 3 };

DEVICE float sigmoid(float x) { return 1.0f / (1.0f + __expf(-x)); }

DEVICE float activate(float x, int activation) {
  switch (activation) {
    case SILU: return x * sigmoid(x);
    // x/2 (1 + tanh u) = x sigmoid(2u)
    case GELU_TANH: return x * sigmoid(1.5957691216057308f * (x + 0.044715f * x * x * x));
    case GELU_ERF: return 0.5f * x * (1.0f + erff(x * 0.7071067811865476f));
    default: return x;
  }
}

// ---- reductions over a block whose size is a multiple of 32; every thread gets the result ----

struct Sum { DEVICE float join(float a, float b) { return a + b; } };
struct Max { DEVICE float join(float a, float b) { return fmaxf(a, b); } };

template <class Op> DEVICE float warp_reduce(float x) {
#pragma unroll
  for (int step = 16; step > 0; step >>= 1) {
    x = Op::join(x, __shfl_xor_sync(0xffffffffu, x, step));
  }
  return x;
}

template <class Op> DEVICE float block_reduce(float x, float* scratch) {  // scratch: 32 floats, zeroed never needed
  x = warp_reduce<Op>(x);
  int warps = blockDim.x >> 5;
  if (warps == 1) return x;
  if ((threadIdx.x & 31) == 0) scratch[threadIdx.x >> 5] = x;
  __syncthreads();
  x = scratch[0];
  for (int i = 1; i < warps; i++) x = Op::join(x, scratch[i]);
  __syncthreads();
  return x;
}
