package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.cuda.driver.DeviceInfo;
import io.wan4j.cuda.driver.Launch;
import io.wan4j.dry.DryDevice;
import io.wan4j.dry.Work;
import io.wan4j.model.dit.BlockListener;
import io.wan4j.model.dit.Conditioning;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.StepInput;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.ops.Ops;
import io.wan4j.roofline.Ceilings;
import io.wan4j.roofline.KnownDevices;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.DelegatingDevice;
import io.wan4j.spi.DelegatingDevice.KernelCall;
import io.wan4j.spi.DelegatingDevice.KernelWatch;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ptx.SimulatorOptions;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Every operation of one block of the 14B transformer at 32,760 tokens: the kernels that are launched for it, its
 * arithmetic and the bytes of its operands, each once. Launches are those of the backend, of which nothing is computed;
 * work and bytes come from the shapes. The figures are compared with a committed table.
 */
class BlockTableTest {
    private static final String HEAD = "blocks\toperation\tkernels\tGFLOP\tMB\tFLOP_per_byte\tbound";
    private static final int FRAMES = 21;
    private static final int HEIGHT = 60;
    private static final int WIDTH = 104;

    /** Two blocks of the 14B model: what lies between their starts is one block. */
    private static final WanConfig CONFIG = new WanConfig(
            WanConfig.i2v14b().dim(),
            WanConfig.i2v14b().ffnDim(),
            WanConfig.i2v14b().heads(),
            2,
            WanConfig.i2v14b().textDim(),
            WanConfig.i2v14b().imageDim());

    /** One operation. */
    private record Row(String operation, List<String> kernels, Work work) {
        double perByte() {
            return (double) work.flops() / work.bytes();
        }

        String text(Variant variant) {
            return String.join(
                    "\t",
                    variant.title(),
                    operation,
                    counted(kernels),
                    String.format(Locale.ROOT, "%.1f", work.flops() / 1e9),
                    String.format(Locale.ROOT, "%.0f", work.bytes() / 1e6),
                    String.format(Locale.ROOT, "%.0f", perByte()),
                    bound());
        }

        /** Against the operations a byte at which the published peaks of the known GPUs are in balance. */
        private String bound() {
            double[] balances = KnownDevices.ALL.stream()
                    .filter(device -> !device.device().contains("Xeon"))
                    .mapToDouble(device -> peak(device) / device.bytes())
                    .sorted()
                    .toArray();
            return perByte() > balances[balances.length - 1]
                    ? "tensor cores"
                    : perByte() < balances[0] ? "memory" : "either";
        }

        private double peak(Ceilings device) {
            return work.int8Flops() > 0 ? device.int8() : work.fp8Flops() > 0 ? device.fp8() : device.bf16();
        }

        private static String counted(List<String> names) {
            Map<String, Integer> counts = new LinkedHashMap<>();
            names.forEach(name -> counts.merge(name, 1, Integer::sum));
            List<String> texts = new ArrayList<>();
            counts.forEach((name, count) -> texts.add(count == 1 ? name : count + " " + name));
            return String.join(", ", texts);
        }
    }

    private final Map<Long, String> functions = new HashMap<>();
    private final List<String> launched = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();
    private boolean within;

    /** The driver, with names of launched kernels noted. */
    private CudaDriver noting(CudaDriver driver) {
        return (CudaDriver) Proxy.newProxyInstance(
                CudaDriver.class.getClassLoader(), new Class<?>[] {CudaDriver.class}, (proxy, method, arguments) -> {
                    Object result;
                    try {
                        result = method.invoke(driver, arguments);
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                    if (method.getName().equals("function")) {
                        functions.put((Long) result, (String) arguments[1]);
                    } else if (method.getName().equals("launch")) {
                        launched.add(functions.getOrDefault(((Launch) arguments[0]).function(), "?"));
                    }
                    return result;
                });
    }

    /** Notes a row after each operation. */
    private final class Watch implements KernelWatch {
        private final DryDevice dry;
        private final Kernels counting;

        Watch(ActivationFormats formats) {
            this.dry = new DryDevice(formats);
            this.counting = dry.kernels();
        }

        @Override
        public void before(KernelCall call) {
            launched.clear();
        }

        @Override
        public void after(KernelCall call) {
            if (!within) {
                return;
            }
            if (call.name().equals("modulation")) {
                rows.clear(); // keys and values of the prompt, made before the first block of the first step
            }
            Work before = dry.work();
            try {
                for (var method : Kernels.class.getMethods()) {
                    if (method.getName().equals(call.name()) && method.getParameterCount() == call.arguments().length) {
                        method.invoke(counting, call.arguments());
                    }
                }
            } catch (ReflectiveOperationException failure) {
                throw new LinkageError(call.name(), failure);
            }
            rows.add(new Row(describe(call), List.copyOf(launched), dry.work().minus(before)));
        }

        private static String describe(KernelCall call) {
            for (Object argument : call.arguments()) {
                if (argument instanceof Linear layer) {
                    return layer.name().replace("blocks.0.", "");
                }
            }
            return call.name();
        }
    }

    /** Weights of the blocks on a device, with attention in 8 bits or not. */
    private record Variant(String title, Format format, DeviceInfo device, boolean quantisedAttention) {}

    private static final DeviceInfo ADA =
            new DeviceInfo(0, "Ada", new ComputeCapability(8, 9), 24L << 30, 128, 101_376);
    private static final DeviceInfo HOPPER =
            new DeviceInfo(0, "Hopper", new ComputeCapability(9, 0), 80L << 30, 132, 232_448);
    private static final Variant INT8 = new Variant("I8", Format.I8, ADA, false);
    private static final List<Variant> VARIANTS = List.of(
            INT8,
            new Variant("F8_E4M3", Format.F8_E4M3, ADA, false),
            new Variant("BF16", Format.BF16, ADA, false),
            new Variant("I8 on 9.0", Format.I8, HOPPER, false),
            new Variant("BF16 on 9.0", Format.BF16, HOPPER, false),
            new Variant("I8, 8-bit attention", Format.I8, ADA, true));

    private List<Row> block(Variant variant) {
        rows.clear();
        SimulatedCudaDriver driver = new SimulatedCudaDriver(SimulatorOptions.fast(), variant.device());
        driver.hollow();
        DeviceOptions options = DeviceOptions.DEFAULT
                .withFormats(ActivationFormats.BF16)
                .withQuantisedAttention(variant.quantisedAttention());
        try (Device device = CudaDevice.open(
                noting(driver),
                driver.info(),
                options,
                MemorySizes.of(driver.info().totalBytes()))) {
            Kernels kernels = DelegatingDevice.watched(device.kernels(), new Watch(device.formats()));
            forward(
                    new DelegatingDevice(device) {
                        @Override
                        public Kernels kernels() {
                            return kernels;
                        }
                    },
                    variant.format());
        }
        return List.copyOf(rows);
    }

    private void forward(Device device, Format format) {
        Shape latents = Shape.of(WanConfig.LATENT_CHANNELS, FRAMES, HEIGHT, WIDTH);
        HollowWeights source = new HollowWeights(format, 0);
        BlockListener listener = (block, blocks) -> within = block == 0;
        try (WanTransformer transformer = WanTransformer.load(CONFIG, source, device, Residency.ALL);
                Ops ops = Ops.on(device)) {
            Tensor text = ops.allocate(Shape.of(WanConfig.TEXT_ROWS, CONFIG.textDim()), Format.F32);
            Tensor image = ops.allocate(Shape.of(WanConfig.IMAGE_ROWS, CONFIG.imageDim()), Format.F32);
            try (Conditioning conditioning = transformer.condition(ops, text, image)) {
                StepInput input = new StepInput(
                        ops.allocate(latents, Format.F32),
                        ops.allocate(latents.withFirst(WanConfig.CONDITION_CHANNELS), Format.F32),
                        1000,
                        conditioning);
                transformer.forward(ops, input, ops.allocate(latents, Format.F32), listener);
            }
        }
    }

    @Test
    void committedTableIsWhatTheBackendLaunches() throws IOException {
        List<String> built = new ArrayList<>(List.of(HEAD));
        for (Variant variant : VARIANTS) {
            List<Row> rowsOfBlock = block(variant);
            rowsOfBlock.forEach(row -> built.add(row.text(variant)));
            built.add(total(rowsOfBlock).text(variant));
        }
        Files.write(Path.of(System.getProperty("wan.block.built")), built);
        assertThat(Files.readAllLines(Path.of(System.getProperty("wan.block.table"))))
                .as("wan-cuda/block.tsv; after a change of the model or the kernels copy target/block.tsv over it")
                .isEqualTo(built);
    }

    private static Row total(List<Row> all) {
        List<String> kernels =
                all.stream().flatMap(row -> row.kernels().stream()).toList();
        return new Row(
                "all",
                List.of(kernels.size() + " launches"),
                all.stream().map(Row::work).reduce(Work.NONE, Work::plus));
    }

    @Test
    void allArithmeticOfABlockIsOnTensorCores() {
        Set<String> withoutArithmetic = Set.of("normModulate", "layerNorm", "rmsNorm", "rmsNormRope", "modulation");
        assertThat(block(INT8))
                .isNotEmpty()
                .allSatisfy(row -> assertThat(row.work().flops() == 0)
                        .as(row.operation())
                        .isEqualTo(withoutArithmetic.contains(row.operation())))
                .filteredOn(row -> row.work().flops() > 0)
                .allSatisfy(row -> assertThat(row.bound()).as(row.operation()).isEqualTo("tensor cores"));
    }
}
