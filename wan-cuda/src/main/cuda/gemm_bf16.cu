// out = epilogue(x w^T) for operands in bf16: mma.sync m16n8, k = 16 a step of 32 bytes, see product.cuh.
// x [rows, depth] and w [columns, depth] with rows a multiple of 16 bytes apart, bytes past the depth zero.
// Bound: the tensor cores, 2 x rows x columns x depth operations; bytes: both operands once a group of tiles, out once.

#include "product.cuh"

GEMM_KERNELS(bf16, Bf16Product, large, LargeTile)
GEMM_KERNELS(bf16, Bf16Product, medium, MediumTile)
GEMM_KERNELS(bf16, Bf16Product, small, SmallTile)
