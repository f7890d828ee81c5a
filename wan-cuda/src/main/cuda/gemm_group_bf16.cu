// out = epilogue(x w^T) for operands in bf16 on compute capability 9.0: wgmma m64, k = 16 a step of 32 bytes, see group_product.cuh.
// x [rows, depth] and w [columns, depth] by tensor maps with boxes of 128 bytes of depth.
// Bound: the tensor cores, 2 x rows x columns x depth operations; bytes: both operands once a group of tiles, out once.
// targets: sm_90a ptx:sm_90a
#include "group_product.cuh"

GROUP_GEMM_KERNELS(bf16, Bf16Group, large, LargeGroupTile)
GROUP_GEMM_KERNELS(bf16, Bf16Group, medium, MediumGroupTile)
