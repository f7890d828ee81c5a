package io.wan4j.testkit.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClusterTest {
    private static final int THREADS = 32;

    /** Runs 6 blocks in clusters of 2; %rank is the rank in the cluster, %block the index in the grid. */
    private static int[] run(String body) {
        String ptx = """
                .version 9.0
                .target sm_90a
                .address_size 64
                .extern .shared .align 128 .b8 dyn[];
                .visible .entry k(.param .u64 p_out) {
                  .reg .pred %p<8>; .reg .b16 %h<4>; .reg .b32 %rank, %block, %tid_, %dyn, %d, %r<32>; .reg .b64 %out, %l<16>;
                  .shared .align 8 .b8 bar[8];
                  ld.param.u64 %out, [p_out];
                  mov.u32 %rank, %cluster_ctarank; mov.u32 %block, %ctaid.x; mov.u32 %tid_, %tid.x; mov.u32 %dyn, dyn;
                """ + body + """
                  mad.lo.u32 %r0, %block, 32, %tid_; mad.wide.u32 %l0, %r0, 4, %out; st.global.u32 [%l0], %d;
                  ret;
                }
                """;
        SimulatedGpu gpu = SimulatedGpu.ofBytes(1 << 20);
        int blocks = 6;
        long out = gpu.allocate(4L * blocks * THREADS);
        byte[] parameters = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(out)
                .array();
        Grid grid = new Grid(new Grid.Dim(blocks, 1, 1), new Grid.Dim(THREADS, 1, 1), new Grid.Dim(2, 1, 1), 1024);
        LaunchReport report = gpu.launch(PtxModule.parse(ptx).function("k"), grid, parameters);
        assertThat(report.findings()).isEmpty();
        int[] result = new int[blocks * THREADS];
        ByteBuffer.wrap(gpu.copyOut(out, 4 * result.length))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asIntBuffer()
                .get(result);
        return result;
    }

    private static int[] expected(java.util.function.IntBinaryOperator value) {
        return IntStream.range(0, 6 * THREADS)
                .map(i -> value.applyAsInt(i / THREADS, i % THREADS))
                .toArray();
    }

    @Test
    void blocksKnowTheirPlace() {
        String body = "mov.u32 %r1, %clusterid.x; mov.u32 %r2, %nclusterid.x; mov.u32 %r3, %cluster_nctaid.x;"
                + "mad.lo.u32 %d, %r1, 1000, %rank; mad.lo.u32 %d, %r2, 100, %d; mad.lo.u32 %d, %r3, 10, %d;";
        assertThat(run(body)).isEqualTo(expected((block, thread) -> block / 2 * 1000 + block % 2 + 300 + 20));
    }

    @Test
    void blocksReadEachOthersSharedMemory() {
        String body = """
                mad.lo.u32 %r1, %tid_, 4, %dyn; mad.lo.u32 %r2, %block, 100, %tid_; st.shared.u32 [%r1], %r2;
                barrier.cluster.arrive.release.aligned; barrier.cluster.wait.acquire.aligned;
                xor.b32 %r3, %rank, 1; mapa.shared::cluster.u32 %r4, %r1, %r3;
                ld.shared::cluster.u32 %d, [%r4];
                barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;
                """;
        assertThat(run(body)).isEqualTo(expected((block, thread) -> (block ^ 1) * 100 + thread));
    }

    @Test
    void multicastCopiesReachAllBlocksAndTheirBarriers() {
        String body = """
                setp.eq.u32 %p0, %tid_, 0;
                @%p0 mbarrier.init.shared::cta.b64 [bar], 1; fence.mbarrier_init.release.cluster;
                @%p0 mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], 128;
                setp.eq.u32 %p1, %rank, 0; and.pred %p2, %p0, %p1; mov.u16 %h0, 3;
                mad.lo.u32 %r5, %block, 128, 0; cvt.u64.u32 %l1, %r5; add.u64 %l1, %l1, %out;
                mad.wide.u32 %l2, %tid_, 4, %l1; mad.lo.u32 %r6, %block, 7, %tid_; @%p1 st.global.u32 [%l2], %r6;
                barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;
                @%p2 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%dyn], [%l1], 128, [bar], %h0;
                WAIT: mbarrier.try_wait.parity.shared::cta.b64 %p3, [bar], 0; @!%p3 bra WAIT;
                mad.lo.u32 %r1, %tid_, 4, %dyn; ld.shared.u32 %d, [%r1];
                """;
        assertThat(run(body)).isEqualTo(expected((block, thread) -> (block & ~1) * 7 + thread));
    }

    @Test
    void arrivalsAtAnotherBlocksBarrierCount() {
        String body = """
                setp.eq.u32 %p0, %tid_, 0; mov.u32 %r1, bar;
                @%p0 mbarrier.init.shared::cta.b64 [bar], 32; fence.mbarrier_init.release.cluster;
                barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;
                xor.b32 %r3, %rank, 1; mapa.shared::cluster.u32 %r4, %r1, %r3;
                mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r4];
                WAIT: mbarrier.try_wait.parity.shared::cta.b64 %p3, [bar], 0; @!%p3 bra WAIT;
                mov.u32 %d, 5;
                """;
        assertThat(run(body)).containsOnly(5);
    }
}
