// The convolution of convolution_bf16.cu in F32 arithmetic on the ordinary cores, for checking. One thread an output
// element; w F32, rows of [taps, I], row_bytes apart.
#include "epilogue.cuh"

struct Input {
  const void* past;
  const void* x;
  int past_frames;
  int height;
  int width;
  int channels;
  int padded;
  int kernel_space;
  int stride_time;
  int stride_space;
  int before;
  int out_height;
  int out_width;
  int taps;
};

template <class In, class Out> DEVICE void body(const float* w, const Epilogue& epilogue, const Input& in, int row_floats) {
  i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= i64(epilogue.rows) * epilogue.columns) return;
  int position = int(i / epilogue.columns);
  int out = int(i % epilogue.columns);
  int x = position % in.out_width * in.stride_space - in.before;
  int rest = position / in.out_width;
  int y = rest % in.out_height * in.stride_space - in.before;
  int t = rest / in.out_height * in.stride_time;
  float sum = 0.0f;
  for (int tap = 0; tap < in.taps; tap++) {
    int frame = t + tap / (in.kernel_space * in.kernel_space);
    int row = y + tap / in.kernel_space % in.kernel_space;
    int column = x + tap % in.kernel_space;
    if (row < 0 || row >= in.height || column < 0 || column >= in.width) continue;
    bool old = frame < in.past_frames;
    const In* pixel =
        static_cast<const In*>(old ? in.past : in.x) +
        ((i64(old ? frame : frame - in.past_frames) * in.height + row) * in.width + column) * in.channels;
    const float* weight = w + i64(out) * row_floats + tap * in.channels;
    for (int c = 0; c < in.channels; c++) sum = fmaf(to_float(pixel[c]), weight[c], sum);
  }
  float y1[1] = {sum};
  epilogue.apply<Out>(y1, position, out);
}

#define KERNEL(IN, OUT)                                                                                    \
  extern "C" __global__ void convolution_f32_##IN##_##OUT(const float* w, Epilogue epilogue, Input input, \
                                                            int row_bytes) {                               \
    body<IN, OUT>(w, epilogue, input, row_bytes / 4);                                                      \
  }
KERNEL(f32, f32)
KERNEL(bf16, f32)
KERNEL(bf16, bf16)
