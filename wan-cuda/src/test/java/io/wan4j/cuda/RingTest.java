package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.cuda.StreamOrder.Step;
import io.wan4j.model.dit.Residency;
import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.Tick;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The order of copies and kernels when blocks are streamed. */
class RingTest {
    private static final int LAYERS = 5;
    private static final int STEPS = 3;
    private static final String LOADER = "wan-block-loader";

    @TempDir
    private static Path folder = Path.of("");

    private static TinyTransformer model;
    private static float[] expected = {};

    private SimulatedCudaDriver simulated = SimulatedDevices.fastDriver();
    private StreamOrder order = new StreamOrder(simulated);
    private final List<Long> held = new ArrayList<>();
    private final Thread main = Thread.currentThread();
    private int slots;

    @BeforeAll
    static void computeWithAllBlocksOnTheDevice() {
        model = new TinyTransformer(folder, LAYERS);
        RingTest all = new RingTest();
        expected = all.run(Residency.ALL, true, Tick.NONE);
        assertThat(all.order.steps(step -> step.thread().getName().equals(LOADER)))
                .isEmpty();
    }

    @AfterAll
    static void closeModel() {
        model.close();
    }

    /** Denoises; what is launched for block b of step s has the label 100 s + b. */
    private float[] run(Residency residency, boolean graphs, Tick more) {
        DeviceOptions options = DeviceOptions.DEFAULT.withGraphs(graphs);
        try (CudaDevice device =
                        CudaDevice.open(order.driver(), simulated.info(), options, SimulatedDevices.smallSizes());
                LoadedModels models = new LoadedModels(model.parts(), device, Set.of(), residency)) {
            float[] latents = model.denoise(models, STEPS, 1, (step, steps, block, blocks) -> {
                order.label(100 * step + block);
                if (block == LAYERS - 1) {
                    held.add(device.held());
                }
                more.at(step, steps, block, blocks);
            });
            assertThat(models.takeWarnings()).isEmpty();
            return latents;
        } finally {
            assertThat(simulated.alive()).isZero();
        }
    }

    private List<Step> loaded() {
        return order.steps(step -> step.isCopy() && step.thread().getName().equals(LOADER));
    }

    /** The copies of each block that was brought, in order. */
    private List<List<Step>> fills(int resident) {
        List<Step> copies = loaded();
        int perBlock = copies.size() / brought(resident);
        assertThat(copies.size() % brought(resident)).isZero();
        List<List<Step>> fills = new ArrayList<>();
        for (int from = 0; from < copies.size(); from += perBlock) {
            fills.add(copies.subList(from, from + perBlock));
        }
        return fills;
    }

    /** All streamed blocks of every step, and those that wait in the slots for a step that does not come. */
    private int brought(int resident) {
        return STEPS * (LAYERS - resident) + slots;
    }

    private List<Step> launches(int label) {
        return order.steps(step -> !step.isCopy() && step.label() == label);
    }

    private static int label(int fill, int resident) {
        int streamed = LAYERS - resident;
        return 100 * (fill / streamed) + resident + fill % streamed;
    }

    private static long bytes(List<Step> copies) {
        return copies.stream().mapToLong(Step::bytes).sum();
    }

    @ParameterizedTest
    @CsvSource({"0, 2, false", "1, 2, true", "2, 2, true", "0, 3, true"})
    void blocksComeInTimeAndNeverOverOneInUse(int resident, int wanted, boolean graphs) {
        assertThat(run(new Residency(resident, wanted), graphs, Tick.NONE)).containsExactly(expected);
        int streamed = LAYERS - resident;
        slots = wanted;
        List<List<Step>> fills = fills(resident);
        for (int fill = 0; fill < STEPS * streamed; fill++) {
            List<Step> copies = fills.get(fill);
            List<Step> kernels = launches(label(fill, resident));
            assertThat(kernels).isNotEmpty();
            assertThat(kernels.stream().allMatch(kernel -> follows(kernel, copies)))
                    .as("block %d runs after it has come", fill)
                    .isTrue();
            int next = nextInSameSlot(fill, streamed);
            assertThat(fills.get(next).stream().allMatch(copy -> follows(copy, kernels)))
                    .as("block %d comes after block %d is done", next, fill)
                    .isTrue();
            assertThat(fills.get(next).get(0).address()).isEqualTo(copies.get(0).address());
            assertThat(bytes(copies)).isEqualTo(bytes(fills.get(0)));
            for (int other = fill + 1; other < Math.min(fill + slots, streamed * (fill / streamed + 1)); other++) {
                assertThat(fills.get(other).stream().noneMatch(copy -> followsAny(copy, kernels)))
                        .as("block %d comes while block %d runs", other, fill)
                        .isTrue();
            }
        }
    }

    private static boolean follows(Step step, List<Step> all) {
        return all.stream().allMatch(one -> step.before().get(one.id()));
    }

    private static boolean followsAny(Step step, List<Step> some) {
        return some.stream().anyMatch(one -> step.before().get(one.id()));
    }

    /** A block of place p comes to slot p % slots. */
    private int nextInSameSlot(int fill, int streamed) {
        int next = fill + 1;
        while (next % streamed % slots != fill % streamed % slots) {
            next++;
        }
        return next;
    }

    @Test
    void nextBlockIsOnItsWayBeforeTheKernelsOfThePresentOneAreAllLaunched() {
        int resident = 1;
        int[] current = {-1, 0};
        order.beforeLaunch(() -> {
            if (current[0] > resident && Thread.currentThread() == main) {
                awaitCopies(current[1]);
            }
        });
        float[] latents = run(new Residency(resident, 2), false, (step, steps, block, blocks) -> {
            current[0] = block;
            current[1] = step * (LAYERS - resident) + block - resident + 2;
        });
        assertThat(latents).containsExactly(expected);
    }

    /** Waits until blocks have begun to come so often; the launch that is held up meanwhile keeps its block in use. */
    private void awaitCopies(int fills) {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
        while (begun() < fills) {
            assertThat(System.nanoTime()).as("block %d does not come", fills).isLessThan(end);
            Thread.onSpinWait();
        }
    }

    private long begun() {
        List<Step> copies = loaded();
        if (copies.isEmpty()) {
            return 0;
        }
        List<Long> starts = copies.stream().map(Step::address).sorted().toList();
        long lowest = starts.get(0);
        long second = starts.stream()
                .filter(address ->
                        address >= lowest + SimulatedDevices.smallSizes().workspace())
                .findFirst()
                .orElse(-1L);
        return copies.stream()
                .filter(copy -> copy.address() == lowest || copy.address() == second)
                .count();
    }

    @Test
    void sanitizerHasNothingToSayAboutStreamedAndRecordedBlocks() {
        simulated = SimulatedDevices.driver();
        order = new StreamOrder(simulated);
        assertThat(run(new Residency(1, 2), true, Tick.NONE)).containsExactly(expected);
    }

    @Test
    void memoryDoesNotGrowAfterTheFirstStep() {
        run(new Residency(1, 2), true, Tick.NONE);
        assertThat(held).hasSize(STEPS);
        assertThat(held.subList(2, STEPS)).containsOnly(held.get(1));
    }

    @Test
    void everyStepCopiesTheStreamedBlocksAndNoOther() {
        long whole = bytesOfSteps(0);
        long block = whole / (STEPS * LAYERS + 2);
        assertThat(whole).isEqualTo(block * (STEPS * LAYERS + 2));
        RingTest fewer = new RingTest();
        assertThat(fewer.bytesOfSteps(2)).isEqualTo(block * (STEPS * (LAYERS - 2) + 2));
    }

    private long bytesOfSteps(int resident) {
        run(new Residency(resident, 2), true, Tick.NONE);
        return bytes(loaded());
    }

    @Test
    void blocksThatHaveASlotEachComeOnce() {
        assertThat(run(new Residency(3, 2), true, Tick.NONE)).containsExactly(expected);
        long two = bytes(loaded());
        RingTest more = new RingTest();
        assertThat(2 * more.bytesOfSteps(0) / (STEPS * LAYERS + 2)).isEqualTo(two);
    }

    @Test
    void generationThatIsStoppedAmidAStepIsFollowedByAnother() {
        DeviceOptions options = DeviceOptions.DEFAULT;
        try (Device device = CudaDevice.open(order.driver(), simulated.info(), options, SimulatedDevices.smallSizes());
                LoadedModels models = new LoadedModels(model.parts(), device, Set.of(), new Residency(1))) {
            assertThatThrownBy(() -> model.denoise(models, STEPS, 1, (step, steps, block, blocks) -> {
                        if (step == 1 && block == 3) {
                            throw new CancellationException("enough");
                        }
                    }))
                    .hasMessage("enough");
            assertThat(model.denoise(models, STEPS, 1, Tick.NONE)).containsExactly(expected);
        }
        assertThat(simulated.alive()).isZero();
    }
}
