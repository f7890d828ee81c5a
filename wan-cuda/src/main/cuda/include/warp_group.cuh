// Warp groups of compute capability 9.0a: tensor copies, their barriers, and matrix multiply-adds from shared memory.
#pragma once
#include "tensor_core.cuh"

// What the driver's cuTensorMapEncodeTiled made; a __grid_constant__ parameter.
struct alignas(64) TensorMap {
  u64 words[16];
};

// ---- barriers in shared memory ----

DEVICE void barrier_init(u32 barrier, u32 arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}

// Makes initialised barriers known to the copy engine.
DEVICE void barriers_ready() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

DEVICE void barrier_arrive(u32 barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

// Arrives and lets the phase wait for so many bytes of copies.
DEVICE void barrier_expect(u32 barrier, u32 bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}

// Waits for the end of the phase of this parity. The phase before the first has parity 1 and has ended.
DEVICE void barrier_wait(u32 barrier, u32 parity) {
  u32 done;
  do {
    asm volatile(
        "{\n.reg .pred p;\n"
        "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
        "selp.u32 %0, 1, 0, p;\n}"
        : "=r"(done)
        : "r"(barrier), "r"(parity)
        : "memory");
  } while (!done);
}

// The box of `map` from (x, y) on, zeros outside; `barrier` counts its bytes.
DEVICE void copy_box(u32 to, const TensorMap* map, int x, int y, u32 barrier) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(to),
      "l"(map), "r"(barrier), "r"(x), "r"(y)
      : "memory");
}

template <int COUNT> DEVICE void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(COUNT));
}
template <int COUNT> DEVICE void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(COUNT));
}

// ---- matrix multiply-adds of a warp group ----

// Rows of 128 bytes of depth, swizzled in groups of 8 rows at multiples of 1024 bytes.
DEVICE u64 matrix_descriptor(u32 address) {
  constexpr u64 SWIZZLE_128 = 1ull << 62;
  constexpr u64 EIGHT_ROWS = u64(1024 >> 4) << 32;
  constexpr u64 UNUSED = 1ull << 16;
  return SWIZZLE_128 | EIGHT_ROWS | UNUSED | u64((address & 0x3ffff) >> 4);
}

// Rows of 64 columns of N that follow each other in depth: the operand is their transpose. The next 64 columns are
// `next` bytes on.
DEVICE u64 transposed_descriptor(u32 address, u32 next) {
  constexpr u64 SWIZZLE_128 = 1ull << 62;
  constexpr u64 EIGHT_ROWS = u64(1024 >> 4) << 32;
  return SWIZZLE_128 | EIGHT_ROWS | (u64(next >> 4) << 16) | u64((address & 0x3ffff) >> 4);
}

DEVICE void group_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
DEVICE void group_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
// Waits until at most PENDING committed groups are under way.
template <int PENDING> DEVICE void group_wait() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(PENDING) : "memory"); }

// Keeps the compiler from moving uses of sums across this point.
template <int N> DEVICE void pin(float (&c)[N]) {
#pragma unroll
  for (int i = 0; i < N; i++) asm volatile("" : "+f"(c[i])::"memory");
}
template <int N> DEVICE void pin(int (&c)[N]) {
#pragma unroll
  for (int i = 0; i < N; i++) asm volatile("" : "+r"(c[i])::"memory");
}

// Names and bindings of 64 and 128 sums.
#define TEN(D) "%" #D "0, %" #D "1, %" #D "2, %" #D "3, %" #D "4, %" #D "5, %" #D "6, %" #D "7, %" #D "8, %" #D "9"
#define NAMES_64 TEN() ", " TEN(1) ", " TEN(2) ", " TEN(3) ", " TEN(4) ", " TEN(5) ", %60, %61, %62, %63"
#define NAMES_128                                                                                            \
  TEN() ", " TEN(1) ", " TEN(2) ", " TEN(3) ", " TEN(4) ", " TEN(5) ", " TEN(6) ", " TEN(7) ", " TEN(8) ", " \
  TEN(9) ", " TEN(10) ", " TEN(11) ", %120, %121, %122, %123, %124, %125, %126, %127"
#define BIND_8(K, I) K(c[I]), K(c[I + 1]), K(c[I + 2]), K(c[I + 3]), K(c[I + 4]), K(c[I + 5]), K(c[I + 6]), K(c[I + 7])
#define BIND_32(K, I) BIND_8(K, I), BIND_8(K, I + 8), BIND_8(K, I + 16), BIND_8(K, I + 24)
#define BIND_64(K, I) BIND_32(K, I), BIND_32(K, I + 32)
#define BIND_128(K, I) BIND_64(K, I), BIND_64(K, I + 64)

// c += a b, or c = a b where !add: a is 64 rows of 32 bytes, b rows of 32 bytes, both in shared memory.
// Thread t of the group holds of row 16 (t / 32) + t % 32 / 4 the columns 8 j + 2 (t % 4) and the next in c[4 j] and
// c[4 j + 1], and those of the row 8 further in c[4 j + 2] and c[4 j + 3].
#define MULTIPLY_ADD(N, NAMES, BIND, SUM, KIND, A, B, ADD, SHAPE, TAIL)                          \
  DEVICE void multiply_add(SUM (&c)[N], u64 a, u64 b, int add) {                                 \
    asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, " ADD ", 0;\n"                               \
                 "wgmma.mma_async.sync.aligned." SHAPE " {" NAMES "}, " A ", " B ", p" TAIL ";\n}" \
                 : BIND(KIND, 0)                                                                 \
                 : "l"(a), "l"(b), "r"(add));                                                    \
  }
#define SUMS_64(SUM, KIND, SHAPE, TAIL) \
  MULTIPLY_ADD(64, NAMES_64, BIND_64, SUM, KIND, "%64", "%65", "%66", SHAPE, TAIL)
#define SUMS_128(SUM, KIND, SHAPE, TAIL) \
  MULTIPLY_ADD(128, NAMES_128, BIND_128, SUM, KIND, "%128", "%129", "%130", SHAPE, TAIL)

struct Bf16Group {
  typedef float Sum;
  static constexpr bool PROMOTES = false;
  static constexpr int BYTES = 2;
  SUMS_64(float, "+f", "m64n128k16.f32.bf16.bf16", ", 1, 1, 0, 0")
  SUMS_128(float, "+f", "m64n256k16.f32.bf16.bf16", ", 1, 1, 0, 0")

  // c += a b with a in registers, held as mma.sync m16n8k16 holds it, and b transposed.
  DEVICE void multiply_add_transposed(float (&c)[64], const u32 (&a)[4], u64 b) {
    asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" NAMES_64
                 "}, {%64, %65, %66, %67}, %68, 1, 1, 1, 1;"
                 : BIND_64("+f", 0)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
  }
};

struct S8Group {
  typedef int Sum;
  static constexpr bool PROMOTES = false;
  static constexpr int BYTES = 1;
  SUMS_64(int, "+r", "m64n128k32.s32.s8.s8", "")
  SUMS_128(int, "+r", "m64n256k32.s32.s8.s8", "")
};

// The tensor cores keep fewer bits of a running E4M3 sum than F32 has: sums over one slice are added up in F32.
struct E4m3Group {
  typedef float Sum;
  static constexpr bool PROMOTES = true;
  static constexpr int BYTES = 1;
  SUMS_64(float, "+f", "m64n128k32.f32.e4m3.e4m3", ", 1, 1")
};
