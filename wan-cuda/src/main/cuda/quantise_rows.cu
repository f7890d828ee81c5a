// codes[r][c] = round(x[r][c] / s_r), s_r = max(largest of row r, 1e-8) / (448 or 127).
// x [L, C] with rows in_pitch apart; codes with rows out_pitch apart, columns C .. out_pitch - 1 zero.
// One block a row, see row.cuh.
#include "row.cuh"

template <class In, class Out>
DEVICE void body(const In* x, Out* out, float* scales, int columns, int vector, int in_pitch, int out_pitch) {
  __shared__ float scratch[32];
  i64 row = blockIdx.x;
  Row r{columns, vector != 0};
  r.read(x + row * in_pitch, [](float) {});
  r.write_codes(out + row * out_pitch, scales + row, scratch);
  for (int c = columns + threadIdx.x; c < out_pitch; c += blockDim.x) reinterpret_cast<u8*>(out)[row * out_pitch + c] = 0;
}

#define KERNEL(IN, OUT)                                                                                        \
  extern "C" __global__ void quantise_rows_##IN##_##OUT(const IN* x, OUT* out, float* scales, int columns,     \
                                                        int vector, int in_pitch, int out_pitch) {             \
    body(x, out, scales, columns, vector, in_pitch, out_pitch);                                                \
  }
FOR_CODES(KERNEL)
