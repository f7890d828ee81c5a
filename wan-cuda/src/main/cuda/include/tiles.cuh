// Order of the tiles of a product, and the way of its sums to shared memory.
#pragma once
#include "wan.cuh"

// One access of 8 bytes: left to itself the compiler may make two of 4, which conflict.
DEVICE void store_pair(u32 address, float a, float b) {
  asm volatile("st.shared.v2.f32 [%0], {%1, %2};" ::"r"(address), "f"(a), "f"(b) : "memory");
}

// First row and column of a tile.
struct TilePlace {
  int row;
  int column;
};

// Columns of GROUP tiles, so that blocks running together share rows of both operands in L2.
template <int BM, int BN> DEVICE TilePlace tile_place(int tile, int rows, int columns) {
  constexpr int GROUP = 16;
  int tiles_m = (rows + BM - 1) / BM;
  int tiles_n = (columns + BN - 1) / BN;
  int group = tile / (GROUP * tiles_n);
  int in_group = tile - group * GROUP * tiles_n;
  int height = min(GROUP, tiles_m - group * GROUP);
  return TilePlace{(group * GROUP + in_group % height) * BM, in_group / height * BN};
}
