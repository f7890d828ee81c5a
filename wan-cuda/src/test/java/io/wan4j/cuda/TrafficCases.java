package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ptx.LaunchReport;
import io.wan4j.testkit.ptx.SimulatorOptions;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;

/** Launches of every kernel on tensor cores, at sizes that fill a tile and turn the ring of its slots. */
final class TrafficCases implements AutoCloseable {
    /** What one launch read and wrote, and of which operands. */
    record Measured(String operands, LaunchReport report) {}

    private final SimulatedCudaDriver driver;
    private final Device device;
    private final List<LaunchReport> reports = new ArrayList<>();
    private final List<Measured> measured = new ArrayList<>();
    private final Random random = new Random(7);

    private TrafficCases(SimulatedCudaDriver driver, Device device) {
        this.driver = driver;
        this.device = device;
    }

    /** On a device that takes every kernel but those of compute capability 9.0. */
    static TrafficCases onWarps(boolean quantisedAttention) {
        SimulatedCudaDriver driver = SimulatedDevices.driver();
        DeviceOptions options =
                DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16).withQuantisedAttention(quantisedAttention);
        return new TrafficCases(driver, CudaDevice.open(driver, driver.info(), options, SimulatedDevices.smallSizes()));
    }

    /** On the same device with FP8 products in F16 sums. */
    static TrafficCases withHalfSums() {
        SimulatedCudaDriver driver = SimulatedDevices.driver();
        CudaSettings settings = CudaSettings.DEFAULT.withFp8Sums(CudaSettings.Fp8Sums.F16);
        DeviceOptions options = DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16);
        CudaSetup setup = CudaSetup.of(SimulatedDevices.smallSizes(), settings);
        return new TrafficCases(driver, CudaDevice.open(driver, driver.info(), options, setup));
    }

    static TrafficCases onWarpGroups() {
        SimulatedCudaDriver driver = SimulatedDevices.hopper(SimulatorOptions.full());
        return new TrafficCases(driver, SimulatedDevices.open(driver, ProductKernels.WARP_GROUPS));
    }

    /** On a device whose driver gets every module as {@code change} makes it. */
    static TrafficCases withModules(UnaryOperator<String> change) {
        SimulatedCudaDriver driver = SimulatedDevices.driver();
        CudaDriver changing = (CudaDriver) Proxy.newProxyInstance(
                CudaDriver.class.getClassLoader(), new Class<?>[] {CudaDriver.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("loadModule")) {
                        String text = new String((byte[]) arguments[0], StandardCharsets.UTF_8);
                        arguments[0] = change.apply(text).getBytes(StandardCharsets.UTF_8);
                    }
                    try {
                        return method.invoke(driver, arguments);
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                });
        DeviceOptions options = DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16);
        return new TrafficCases(
                driver, CudaDevice.open(changing, driver.info(), options, SimulatedDevices.smallSizes()));
    }

    List<Measured> measured() {
        return measured;
    }

    @Override
    public void close() {
        device.close();
    }

    private Tensor tensor(Format format, long... dims) {
        Tensor tensor = device.memory().workspace().allocate(Shape.of(dims), format);
        byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
        random.nextBytes(bytes);
        for (int i = 0; i < bytes.length; i++) {
            // finite and small in every format: exponents below that of 1
            int top = format.bytes() - 1;
            if (format != Format.I8 && i % format.bytes() == top) {
                bytes[i] &= (byte) 0xbf;
            }
        }
        device.memory().upload(ByteBuffer.wrap(bytes), tensor);
        return tensor;
    }

    /** Runs {@code launches} and keeps the report of {@code kernel}, which must be launched once. */
    private void measure(String kernel, String operands, Runnable launches) {
        reports.clear();
        driver.listen(reports::add);
        launches.run();
        driver.listen(report -> {});
        assertThat(reports)
                .extracting(LaunchReport::kernel)
                .filteredOn(kernel::equals)
                .hasSize(1);
        reports.stream()
                .filter(report -> report.kernel().equals(kernel))
                .forEach(report -> measured.add(new Measured(operands, report)));
    }

    /** x [rows, depth] times w [columns, depth], whose rows have {@code depthBytes}. */
    record Product(String kernel, int rows, int columns, int depthBytes) {}

    /** {@code kernel} is completed by the format of the result. */
    void product(Product product, Format operands, Format out) {
        int depth = product.depthBytes() / operands.bytes();
        Tensor x = tensor(operands, product.rows(), depth);
        Tensor values = tensor(operands, product.columns(), depth);
        Tensor bias = tensor(Format.F32, product.columns());
        Linear layer = new Linear(
                "test",
                operands.isCode()
                        ? new Scaled(values, tensor(Format.F32, product.columns()), ActivationMode.DYNAMIC_8BIT)
                        : new Dense(values),
                Optional.of(bias),
                List.of());
        Tensor input = operands.isCode() ? Tensor.ofCodes(x, tensor(Format.F32, product.rows())) : x;
        Tensor result = tensor(out, product.rows(), product.columns());
        measure(
                String.format(product.kernel(), Launcher.name(operands), Launcher.name(out)),
                "[" + product.rows() + "," + depth + "] x [" + product.columns() + "," + depth + "]",
                () -> device.kernels().linear(input, layer, Epilogue.STORE, result));
    }

    /** Attention of {@code rows} rows, {@code heads} heads of {@code dimension} columns, to contexts of these lengths. */
    record Attention(String kernel, int rows, int heads, int dimension, List<Integer> keys, boolean bias) {}

    void attention(Attention attention) {
        int columns = attention.heads() * attention.dimension();
        Tensor q = tensor(Format.BF16, attention.rows(), columns);
        List<KeyValue> contexts = attention.keys().stream()
                .map(keys -> new KeyValue(tensor(Format.BF16, keys, columns), tensor(Format.BF16, keys, columns)))
                .toList();
        AttentionSpec plain = AttentionSpec.scaled(attention.heads(), attention.dimension());
        int distances = attention.rows() + attention.keys().get(0);
        AttentionSpec spec = attention.bias()
                ? new AttentionSpec(
                        attention.heads(),
                        1,
                        Optional.of(new AttentionSpec.RelativeBias(
                                tensor(Format.F32, distances, attention.heads()), attention.rows())))
                : plain;
        Tensor out = tensor(Format.BF16, attention.rows(), columns);
        measure(
                attention.kernel(),
                attention.heads() + " heads of " + attention.dimension() + ", " + attention.rows() + " rows, "
                        + attention.keys() + " keys" + (attention.bias() ? ", bias" : ""),
                () -> device.kernels().attention(q, contexts, spec, out));
    }

    /** A convolution of 3 x 3 x 3 over three frames of 8 x 9. */
    void convolution(String kernel, int channels, int outChannels, Format outFormat) {
        Tensor past = tensor(Format.BF16, 2, 8, 9, channels);
        Tensor x = tensor(Format.BF16, 1, 8, 9, channels);
        Tensor weight = tensor(Format.BF16, outChannels, channels, 3, 3, 3);
        Tensor out = tensor(outFormat, 1, 8, 9, outChannels);
        Convolution layer = new Convolution(
                "test", new Dense(weight), tensor(Format.F32, outChannels), Convolution.Geometry.SAME_3);
        measure(
                kernel,
                "[3,8,9," + channels + "] to " + outChannels + " channels, 3x3x3",
                () -> device.kernels().convolution(past, x, layer, Epilogue.STORE, out));
    }
}
