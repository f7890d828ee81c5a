package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.model.dit.Residency;
import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.Tick;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredAdapter;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.WeightSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blocks that are recorded as graphs. */
class GraphTest {
    private static final int LAYERS = 3;
    private static final int STEPS = 4;

    /** Each number of resident blocks with models closed before and after their device, several times. */
    private static final int GENERATIONS = 24;

    /** The first step is launched one by one, the second one is recorded. */
    private static final int REPLAYED = (STEPS - 1) * LAYERS;

    @TempDir
    private static Path folder = Path.of("");

    private static TinyTransformer model;
    private static float[] expected = {};
    private static int plainLaunches;

    private final SimulatedCudaDriver driver = SimulatedDevices.fastDriver();

    @BeforeAll
    static void computeWithoutGraphs() {
        model = new TinyTransformer(folder, LAYERS);
        GraphTest plain = new GraphTest();
        try (CudaDevice device = plain.open(false);
                LoadedModels models = plain.load(device, Residency.ALL)) {
            expected = model.denoise(models, STEPS, 1, Tick.NONE);
        }
        assertThat(plain.driver.capture().graphs()).isZero();
        plainLaunches = plain.driver.capture().launches();
    }

    @AfterAll
    static void closeModel() {
        model.close();
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(driver.alive()).isZero();
    }

    private CudaDevice open(boolean graphs) {
        return CudaDevice.open(
                driver, driver.info(), DeviceOptions.DEFAULT.withGraphs(graphs), SimulatedDevices.smallSizes());
    }

    private LoadedModels load(CudaDevice device, Residency residency) {
        return new LoadedModels(model.parts(), device, Set.of(), residency);
    }

    private SimulatedCapture capture() {
        return driver.capture();
    }

    @Test
    void recordedBlocksGiveTheSameBitsWithFewerLaunches() {
        try (CudaDevice device = open(true);
                LoadedModels models = load(device, Residency.ALL)) {
            assertThat(model.denoise(models, STEPS, 1, Tick.NONE)).containsExactly(expected);
        }
        assertThat(capture().graphs()).isEqualTo(LAYERS);
        assertThat(capture().graphLaunches()).isEqualTo(REPLAYED);
        assertThat(capture().launches()).isLessThan(plainLaunches * 3 / 4);
    }

    @Test
    void streamedBlocksAreRecordedToo() {
        try (CudaDevice device = open(true);
                LoadedModels models = load(device, new Residency(0))) {
            assertThat(model.denoise(models, STEPS, 1, Tick.NONE)).containsExactly(expected);
        }
        assertThat(capture().graphs()).isEqualTo(LAYERS);
        assertThat(capture().graphLaunches()).isEqualTo(REPLAYED);
    }

    @Test
    void replayFindsTheMemoryThatWasTrimmedMeanwhileAndCountsItsPeak() {
        try (CudaDevice device = open(true);
                LoadedModels models = load(device, Residency.ALL)) {
            model.denoise(models, STEPS, 1, Tick.NONE);
            long peak = device.memory().workspace().peak();
            device.memory().workspace().trim();
            device.memory().workspace().resetPeak();
            assertThat(model.denoise(models, STEPS, 1, Tick.NONE)).containsExactly(expected);
            assertThat(device.memory().workspace().peak()).isEqualTo(peak);
        }
    }

    @Test
    void otherShapesAreRecordedAnew() {
        try (CudaDevice device = open(true);
                LoadedModels models = load(device, Residency.ALL)) {
            model.denoise(models, STEPS, 1, Tick.NONE);
            model.denoise(models, STEPS, 2, Tick.NONE);
            assertThat(capture().graphs()).isEqualTo(2 * LAYERS);
            assertThat(model.denoise(models, STEPS, 1, Tick.NONE)).containsExactly(expected);
        }
    }

    @Test
    void otherAdaptersAreRecordedAnewAndTheOldGraphsFreed() {
        WeightSource base = model.parts().transformer().source();
        float[] adapted;
        try (CudaDevice device = open(false);
                LoadedModels models = load(device, Residency.ALL)) {
            models.useTransformer(new Adapted(base, 1));
            adapted = model.denoise(models, STEPS, 1, Tick.NONE);
        }
        assertThat(adapted).isNotEqualTo(expected);
        for (Residency residency : List.of(Residency.ALL, new Residency(1))) {
            int before = capture().graphs();
            try (CudaDevice device = open(true);
                    LoadedModels models = load(device, residency)) {
                assertThat(model.denoise(models, STEPS, 1, Tick.NONE)).containsExactly(expected);
                models.useTransformer(new Adapted(base, 1));
                assertThat(model.denoise(models, STEPS, 1, Tick.NONE)).containsExactly(adapted);
                models.useTransformer(base);
                assertThat(model.denoise(models, STEPS, 1, Tick.NONE)).containsExactly(expected);
            }
            assertThat(capture().graphs() - before).isEqualTo(3 * LAYERS);
        }
    }

    @Test
    void driverThatCannotRecordLaunchesEverythingOneByOne() {
        capture().refuse();
        try (CudaDevice device = open(true);
                LoadedModels models = load(device, new Residency(1))) {
            assertThat(model.denoise(models, STEPS, 1, Tick.NONE)).containsExactly(expected);
        }
        assertThat(capture().graphLaunches()).isZero();
        assertThat(capture().launches()).isEqualTo(plainLaunches);
    }

    @Test
    void workThatCannotBeRecordedIsDoneAndNoMoreIsTried() {
        try (CudaDevice device = open(true)) {
            int[] done = {0};
            for (int i = 0; i < 4; i++) {
                device.recording(); // one that nobody uses is no burden
            }
            var recording = device.recording();
            for (int i = 0; i < 4; i++) {
                recording.run(List.of(), () -> {
                    device.synchronize(); // no driver can record this
                    done[0]++;
                });
            }
            assertThat(done[0]).isEqualTo(4);
        }
        assertThat(capture().graphs()).isZero();
    }

    @Test
    void generationsWithRingAndGraphsLeaveNothing() {
        for (int i = 0; i < GENERATIONS; i++) {
            CudaDevice device = open(true);
            LoadedModels models = load(device, new Residency(i % 3));
            driver.hollow();
            model.denoise(models, 2, 1, Tick.NONE);
            if (i % 2 == 0) {
                models.close();
            }
            device.close();
            assertThat(driver.alive()).isZero();
            models.close();
        }
        assertThat(capture().graphs()).isEqualTo(GENERATIONS * LAYERS);
    }

    /** A model with a low-rank branch beside the first layer of each block's feed-forward. */
    private record Adapted(WeightSource base, float strength) implements WeightSource {
        @Override
        public Set<String> names() {
            return base.names();
        }

        @Override
        public Optional<StoredTensor> find(String name) {
            return base.find(name);
        }

        @Override
        public StoredWeight weight(String layer, Shape expected) {
            return base.weight(layer, expected);
        }

        @Override
        public List<StoredAdapter> adapters(String layer, Shape weight) {
            return layer.endsWith("ffn.0")
                    ? List.of(new StoredAdapter(
                            new Ramp(layer + ".down", Shape.of(4, weight.dim(1))),
                            new Ramp(layer + ".up", Shape.of(weight.dim(0), 4)),
                            strength))
                    : List.of();
        }

        @Override
        public boolean keepsLayersOf(WeightSource other) {
            return other == base || other == this;
        }

        @Override
        public String location() {
            return base.location();
        }
    }

    /** Small numbers. */
    private record Ramp(String name, Shape shape) implements StoredTensor {
        @Override
        public Format format() {
            return Format.F32;
        }

        @Override
        public String location() {
            return "nowhere";
        }

        @Override
        public ByteBuffer read(long offset, long length) {
            ByteBuffer bytes = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < length / Float.BYTES; i++) {
                bytes.putFloat(Float.BYTES * i, ((offset / Float.BYTES + i) % 17 - 8) / 64f);
            }
            return bytes;
        }
    }
}
