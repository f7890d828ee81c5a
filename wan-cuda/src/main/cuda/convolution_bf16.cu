// out = epilogue(3-D convolution), channels last, as a matrix product without unfolding the input: rows are output
// positions (t, y, x), depth is (tap, channel), columns are output channels; see product.cuh for the product.
// past [P, H, W, I] and x [T, H, W, I] follow each other in time; outside of height and width are zeros.
// w: O rows of [taps, I] with I padded to a multiple of 8, row_bytes apart, so that the first taps can be left out. Bound: the tensor cores, 2 x positions x O x taps x I operations.
#include "product.cuh"

struct Input {
  const void* past;
  const void* x;
  int past_frames;
  int height;
  int width;
  int channels;
  int padded;  // channels of w
  int kernel_space;
  int stride_time;
  int stride_space;
  int before;
  int out_height;
  int out_width;
  int taps;
};

// The rows of the product. VECTOR: whole pieces of 8 channels in BF16; else element by element, F32 rounded to BF16.
template <class In, bool VECTOR> struct Positions {
  Input in;
  int rows;
  int t[2], y[2], x[2];  // first input frame, row, column of this thread's two output positions; t < 0: none

  template <int ROWS, int THREADS> __device__ __forceinline__ void prepare(int first) {
    static_assert(ROWS * PIECES / THREADS == 2, "two positions a thread");
#pragma unroll
    for (int round = 0; round < 2; round++) {
      int position = first + (round * THREADS + threadIdx.x) / PIECES;
      int column = position % in.out_width;
      int rest = position / in.out_width;
      t[round] = position < rows ? rest / in.out_height * in.stride_time : -1;
      y[round] = rest % in.out_height * in.stride_space - in.before;
      x[round] = column * in.stride_space - in.before;
    }
  }

  __device__ __forceinline__ const In* pixel(int frame, int row, int column) const {
    bool old = frame < in.past_frames;
    const In* base = static_cast<const In*>(old ? in.past : in.x);
    return base + ((i64(old ? frame : frame - in.past_frames) * in.height + row) * in.width + column) * in.channels;
  }

  template <int ROWS, int THREADS> __device__ __forceinline__ void fetch(u32 slot, int, int slice) const {
    int piece = threadIdx.x % PIECES;
    int k = (slice * PIECES + piece) * 8;
    int tap = k / in.padded;
    int channel = k - tap * in.padded;
    int in_frame = tap / (in.kernel_space * in.kernel_space);
    int in_tap = tap - in_frame * in.kernel_space * in.kernel_space;
    int dy = in_tap / in.kernel_space;
    int dx = in_tap - dy * in.kernel_space;
#pragma unroll
    for (int round = 0; round < 2; round++) {
      int row = y[round] + dy;
      int column = x[round] + dx;
      bool valid = t[round] >= 0 && tap < in.taps && row >= 0 && row < in.height && column >= 0 && column < in.width;
      const In* from = valid ? pixel(t[round] + in_frame, row, column) + channel : static_cast<const In*>(in.x);
      u32 to = slot + piece_offset((round * THREADS + threadIdx.x) / PIECES, piece);
      if constexpr (VECTOR) {
        copy16(to, from, valid);
      } else {
        u32 words[4];
#pragma unroll
        for (int e = 0; e < 8; e++) {
          u32 bits = 0;
          if (valid && channel + e < in.channels) bits = from_float<bf16>(to_float(from[e])).bits;
          words[e / 2] = e % 2 == 0 ? bits : words[e / 2] | (bits << 16);
        }
        asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(words[0]), "r"(words[1]), "r"(words[2]),
                     "r"(words[3])
                     : "memory");
      }
    }
  }
};

#define KERNEL(NAME, IN, OUT, TILE, VECTOR)                                                                  \
  extern "C" __global__ void __launch_bounds__(TILE::THREADS, 1)                                             \
      convolution_bf16_##NAME(const u8* w, Epilogue epilogue, Input input, int row_bytes) {                  \
    int depth_bytes = input.taps * input.padded * 2;                                                         \
    multiply<Bf16Product, OUT, TILE>(Positions<IN, VECTOR>{input, epilogue.rows},                            \
                                     DenseRows{w, row_bytes, epilogue.columns, depth_bytes}, epilogue,       \
                                     (depth_bytes + SLICE_BYTES - 1) / SLICE_BYTES);                         \
  }
KERNEL(bf16_bf16_medium, bf16, bf16, MediumTile, true)
KERNEL(bf16_bf16_small, bf16, bf16, SmallTile, true)
KERNEL(bf16_f32_small, bf16, f32, SmallTile, true)
KERNEL(bf16_bf16_any, bf16, bf16, SmallTile, false)
KERNEL(bf16_f32_any, bf16, f32, SmallTile, false)
KERNEL(f32_f32_any, f32, f32, SmallTile, false)
