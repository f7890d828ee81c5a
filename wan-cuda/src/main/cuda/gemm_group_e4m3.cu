// out = epilogue(x w^T) for operands in e4m3 on compute capability 9.0: wgmma m64, k = 32 a step of 32 bytes, see group_product.cuh.
// x [rows, depth] and w [columns, depth] by tensor maps with boxes of 128 bytes of depth.
// Bound: the tensor cores, 2 x rows x columns x depth operations; bytes: both operands once a group of tiles, out once.
//
// Running sums of E4M3 products have about 13 bits of mantissa in the tensor cores (DeepSeek-V3, arXiv 2412.19437, 3.3.2): a
// sum of 128 products is taken there and then added to an F32 sum. A second set of sums leaves no registers for N = 256.
// targets: sm_90a ptx:sm_90a
#include "group_product.cuh"

GROUP_GEMM_KERNELS(e4m3, E4m3Group, medium, MediumGroupTile)
