// out[r][c] = parameter[r][c] + time[r or 0][c], F32 [R, C]; time_rows is R or 1.
#include "wan.cuh"

extern "C" __global__ void modulation(const float* parameter, const float* time, float* out, int count, int time_count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) out[i] = parameter[i] + time[i % time_count];
}
