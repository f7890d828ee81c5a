package io.wan4j.testkit.ptx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A small kernel around a few instructions. Each thread i finds in[i], in[n + i], in[2 n + i] in %a, %b, %c (n threads of
 * the block), its index in %tid_, and writes %d to out[i].
 */
final class Snippet {
    private final String body;
    private String target = "sm_90a";
    private String module = "";
    private int threads = 32;
    private int blocks = 1;
    private int dynamicShared;
    private int inputBytes;
    private int outputInts;
    private SimulatorOptions options = SimulatorOptions.full();

    private Snippet(String body) {
        this.body = body;
    }

    static Snippet of(String body) {
        return new Snippet(body);
    }

    Snippet module(String declarations) {
        this.module = declarations;
        return this;
    }

    Snippet threads(int count) {
        this.threads = count;
        return this;
    }

    Snippet blocks(int count) {
        this.blocks = count;
        return this;
    }

    Snippet shared(int bytes) {
        this.dynamicShared = bytes;
        return this;
    }

    /** Inputs and outputs of other sizes than the default; addresses are in %in and %out. */
    Snippet buffers(int inBytes, int outInts) {
        this.inputBytes = inBytes;
        this.outputInts = outInts;
        return this;
    }

    Snippet options(SimulatorOptions given) {
        this.options = given;
        return this;
    }

    record Result(int[] out, LaunchReport report) {}

    Result run(int... in) {
        String ptx = """
                .version 9.0
                .target %s
                .address_size 64
                %s
                .visible .entry snippet(.param .u64 p_in, .param .u64 p_out)
                {
                  .reg .pred %%p<16>;
                  .reg .b16 %%h<32>;
                  .reg .b32 %%a, %%b, %%c, %%d, %%tid_, %%i<32>, %%r<96>;
                  .reg .b32 %%f<32>;
                  .reg .b64 %%in, %%out, %%at, %%l<32>, %%fd<16>;
                  ld.param.u64 %%in, [p_in];
                  ld.param.u64 %%out, [p_out];
                  mov.u32 %%tid_, %%tid.x;
                  mov.u32 %%i0, %%ctaid.x;
                  mov.u32 %%i1, %%ntid.x;
                  mad.lo.u32 %%i2, %%i0, %%i1, %%tid_;
                  mul.wide.u32 %%at, %%tid_, 4;
                  add.u64 %%at, %%at, %%in;
                  %s
                  %s
                  mul.wide.u32 %%at, %%i2, 4;
                  add.u64 %%at, %%at, %%out;
                  %s
                  ret;
                }
                """.formatted(
                        target,
                        module,
                        inputBytes > 0
                                ? ""
                                : "ld.global.u32 %a, [%at]; ld.global.u32 %b, [%at+" + 4 * threads
                                        + "]; ld.global.u32 %c, [%at+" + 8 * threads + "];",
                        body,
                        outputInts > 0 ? "" : "st.global.u32 [%at], %d;");
        SimulatedGpu gpu = new SimulatedGpu(1 << 24, options);
        byte[] input = new byte[inputBytes > 0 ? inputBytes : 12 * threads];
        ByteBuffer bytes = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < Math.min(in.length, input.length / 4); i++) {
            bytes.putInt(4 * i, in[i]);
        }
        long from = gpu.allocate(input.length);
        gpu.copyIn(from, input);
        int count = outputInts > 0 ? outputInts : threads * blocks;
        long to = gpu.allocate(4L * count);
        byte[] parameters = ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(from)
                .putLong(to)
                .array();
        PtxFunction kernel = PtxModule.parse(ptx).function("snippet");
        LaunchReport report = gpu.launch(kernel, Grid.of(blocks, threads, dynamicShared), parameters);
        ByteBuffer result = ByteBuffer.wrap(gpu.copyOut(to, 4 * count)).order(ByteOrder.LITTLE_ENDIAN);
        int[] out = new int[count];
        result.asIntBuffer().get(out);
        return new Result(out, report);
    }

    /** All threads see the same three inputs; the result of thread 0. */
    int of(int a, int b, int c) {
        int[] in = new int[3 * threads];
        java.util.Arrays.fill(in, 0, threads, a);
        java.util.Arrays.fill(in, threads, 2 * threads, b);
        java.util.Arrays.fill(in, 2 * threads, 3 * threads, c);
        Result result = run(in);
        org.assertj.core.api.Assertions.assertThat(result.report().findings()).isEmpty();
        return result.out()[0];
    }
}
