// out = (x - mean) / sqrt(var + eps) * (offset + scale) + shift, per row; optionally quantised per row.
// offset 1 is adaptive modulation, offset 0 a LayerNorm with weight and bias.
// x [L, C], out [L, C]; scale, shift F32 [C]. One block a row, see row.cuh. The mean is subtracted before squaring.
#include "row.cuh"

template <class In, class Out>
DEVICE void body(const In* x, const float* scale, const float* shift, Out* out, float* scales, int columns, int vector,
                 float eps, float offset) {
  __shared__ float scratch[32];
  i64 row = blockIdx.x;
  Row r{columns, vector != 0};
  float sum = 0.0f;
  r.read(x + row * columns, [&](float v) { sum += v; });
  float mean = block_reduce<Sum>(sum, scratch) / columns;
  float squares = 0.0f;
  r.visit([&](float v) { squares += (v - mean) * (v - mean); });
  float variance = block_reduce<Sum>(squares, scratch) / columns;
  r.emit(out + row * columns, scales, row, Affine{scale, shift, mean, 1.0f / sqrtf(variance + eps), offset}, scratch);
}

#define KERNEL(IN, OUT)                                                                                           \
  extern "C" __global__ void norm_modulate_##IN##_##OUT(const IN* x, const float* scale, const float* shift, OUT* out, \
                                                        float* scales, int columns, int vector, float eps,        \
                                                        float offset) {                                           \
    body(x, scale, shift, out, scales, columns, vector, eps, offset);                                             \
  }
FOR_FLOATS(KERNEL)
FOR_CODES(KERNEL)
