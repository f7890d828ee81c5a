// Sets *found to 1 if an element is infinite or not a number. Elements of 4, 2 or 1 bytes; an element is not finite if
// all bits of mask are set in it (its exponent; for E4M3, which has no infinity, exponent and mantissa).
#include "wan.cuh"

template <class T> DEVICE void body(const T* x, i64 count, u32 mask, int* found) {
  bool bad = false;
  for (i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x) {
    bad |= (u32(x[i]) & mask) == mask;
  }
  if (bad) *found = 1;
}

#define KERNEL(NAME, T) \
  extern "C" __global__ void all_finite_##NAME(const T* x, i64 count, u32 mask, int* found) { body(x, count, mask, found); }
KERNEL(4, u32)
KERNEL(2, u16)
KERNEL(1, u8)
