// out = weight * x / sqrt(mean(x^2) + eps), per row; optionally quantised per row. out may be x.
// x [L, C], out [L, C]; weight F32 [C]. One block a row, see row.cuh.
#include "row.cuh"

template <class In, class Out>
DEVICE void body(const In* x, const float* weight, Out* out, float* scales, int columns, int vector, float eps) {
  __shared__ float scratch[32];
  i64 row = blockIdx.x;
  Row r{columns, vector != 0};
  float squares = 0.0f;
  r.read(x + row * columns, [&](float v) { squares += v * v; });
  float mean = block_reduce<Sum>(squares, scratch) / columns;
  r.emit(out + row * columns, scales, row, Weighted{weight, 1.0f / sqrtf(mean + eps)}, scratch);
}

#define KERNEL(IN, OUT)                                                                                        \
  extern "C" __global__ void rms_norm_##IN##_##OUT(const IN* x, const float* weight, OUT* out, float* scales,  \
                                                   int columns, int vector, float eps) {                       \
    body(x, weight, out, scales, columns, vector, eps);                                                        \
  }
FOR_FLOATS(KERNEL)
FOR_CODES(KERNEL)
