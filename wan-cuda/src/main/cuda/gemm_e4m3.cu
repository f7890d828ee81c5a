// out = epilogue(x w^T) for operands in e4m3: mma.sync m16n8, k = 32 a step of 32 bytes, see product.cuh.
// x [rows, depth] and w [columns, depth] with rows a multiple of 16 bytes apart, bytes past the depth zero.
// Bound: the tensor cores, 2 x rows x columns x depth operations; bytes: both operands once a group of tiles, out once.
// targets: sm_89 sm_90 sm_120 ptx:sm_89
#include "product.cuh"

// Compute capability 9.0 widens E4M3 to F16 for mma.sync: the large tile would spill.
#if __CUDA_ARCH__ != 900
GEMM_KERNELS(e4m3, E4m3Product, large, LargeTile)
#endif
GEMM_KERNELS(e4m3, E4m3Product, medium, MediumTile)
GEMM_KERNELS(e4m3, E4m3Product, small, SmallTile)
