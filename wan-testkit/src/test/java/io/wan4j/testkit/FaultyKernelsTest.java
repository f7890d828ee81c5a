package io.wan4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.cpu.ReferenceDevice;
import io.wan4j.error.UnsupportedException;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Memory;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract fails kernels that are wrong. */
class FaultyKernelsTest {
    /** The cases of an operation, on sizes of one tile. */
    private record Operation(String name, List<ContractCase> cases) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Operation> operations() {
        List<Format> formats = List.of(Format.F32);
        NormCases norms = new NormCases(formats, false);
        return Stream.of(
                new Operation("gather", ElementCases.gather(formats)),
                new Operation("linear", LinearCases.all(formats, false)),
                new Operation("linear", LinearExtremes.all(formats)),
                new Operation("normModulate", norms.normModulate()),
                new Operation("layerNorm", norms.layerNorm()),
                new Operation("rmsNorm", norms.rmsNorm()),
                new Operation("rmsNormRope", norms.rmsNormRope()),
                new Operation("channelNorm", norms.channelNorm()),
                new Operation("attention", AttentionCases.all(formats, false)),
                new Operation("activate", ElementCases.activate(formats)),
                new Operation("modulation", ElementCases.modulation()),
                new Operation("patchify", LayoutCases.patchify(formats)),
                new Operation("unpatchify", LayoutCases.unpatchify(formats)),
                new Operation("convolution", ConvolutionCases.all(formats, false)),
                new Operation("upsample", LayoutCases.upsample(formats)),
                new Operation("interleaveFrames", LayoutCases.interleaveFrames(formats)),
                new Operation("copy", ElementCases.copy()),
                new Operation("channelsLast", LayoutCases.channelsLast(formats)),
                new Operation("channelsFirst", LayoutCases.channelsFirst(formats)));
    }

    /** What is done wrong after the right kernel ran, or instead of it. */
    private enum Fault {
        NOTHING_WRITTEN,
        LAST_ELEMENT_OFF,
        SECOND_RUN
    }

    @ParameterizedTest
    @MethodSource("operations")
    void kernelThatWritesNothingFailsEveryCase(Operation operation) {
        try (FaultyDevice device = new FaultyDevice(Fault.NOTHING_WRITTEN)) {
            for (ContractCase each : operation.cases()) {
                boolean identity =
                        each.name().startsWith("IDENTITY") && each.name().endsWith("in place");
                if (!identity) {
                    assertThatThrownBy(() -> each.run(device, ErrorModel.F32, Set.of()))
                            .as(each.name())
                            .isInstanceOf(AssertionError.class)
                            .hasMessageContaining("seed");
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void lastElementOffByAFewRoundingsIsSeen(Operation operation) {
        try (FaultyDevice device = new FaultyDevice(Fault.LAST_ELEMENT_OFF)) {
            long seen = operation.cases().stream()
                    .filter(each -> fails(each, device))
                    .count();
            assertThat(seen).isPositive();
            assertThat(device.harmed()).isPositive();
            assertThat((double) seen / device.harmed()).isGreaterThan(0.5);
        }
    }

    private static boolean fails(ContractCase each, Device device) {
        try {
            each.run(device, ErrorModel.F32, Set.of());
            return false;
        } catch (AssertionError wrong) {
            return true;
        }
    }

    @Test
    void secondAddToIsSeen() {
        try (FaultyDevice device = new FaultyDevice(Fault.SECOND_RUN)) {
            LinearCases.all(List.of(Format.F32), false).stream()
                    .filter(each -> each.name().contains("ADD_TO"))
                    .forEach(each -> assertThat(fails(each, device)).isTrue());
        }
    }

    @Test
    void undeclaredGapFailsAndDeclaredGapMustBeRefused() {
        ContractCase refusing = new ContractCase("case", EnumSet.of(Feature.ADAPTERS), rig -> {
            throw new UnsupportedException("no adapters");
        });
        ContractCase working = new ContractCase("case", EnumSet.of(Feature.ADAPTERS), rig -> {});
        try (Device device = new ReferenceDevice(DeviceOptions.DEFAULT)) {
            Set<Feature> lacks = EnumSet.of(Feature.ADAPTERS);
            assertThatThrownBy(() -> refusing.run(device, ErrorModel.F32, Set.of()))
                    .hasMessageContaining("not declared as lacking");
            assertThatCode(() -> refusing.run(device, ErrorModel.F32, lacks)).doesNotThrowAnyException();
            assertThatThrownBy(() -> working.run(device, ErrorModel.F32, lacks))
                    .hasMessageContaining("declare it no longer");
            assertThatCode(() -> working.run(device, ErrorModel.F32, Set.of())).doesNotThrowAnyException();
        }
    }

    /** The reference device with a fault in every kernel. */
    private static final class FaultyDevice implements Device {
        private final Device right = new ReferenceDevice(DeviceOptions.DEFAULT.withThreads(1));
        private final Fault fault;
        private int harmed;

        FaultyDevice(Fault fault) {
            this.fault = fault;
        }

        int harmed() {
            return harmed;
        }

        @Override
        public Kernels kernels() {
            return (Kernels) Proxy.newProxyInstance(
                    Kernels.class.getClassLoader(),
                    new Class<?>[] {Kernels.class},
                    (proxy, method, arguments) -> call(method, arguments));
        }

        private @Nullable Object call(Method method, Object[] arguments) throws Throwable {
            if (fault == Fault.NOTHING_WRITTEN) {
                return null;
            }
            try {
                Object result = method.invoke(right.kernels(), arguments);
                if (fault == Fault.SECOND_RUN) {
                    result = method.invoke(right.kernels(), arguments);
                } else if (arguments[arguments.length - 1] instanceof Tensor out && out.format() == Format.F32) {
                    harm(out);
                }
                return result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }

        /** Moves the last element by 1e-4 of itself, or from 0 to 1e-4. */
        private void harm(Tensor out) {
            harmed++;
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(out.bytes())).order(ByteOrder.LITTLE_ENDIAN);
            right.memory().download(out, bytes);
            int last = bytes.capacity() - Float.BYTES;
            float value = bytes.getFloat(last);
            bytes.putFloat(last, value == 0 ? 1e-4f : value * 1.0001f);
            right.memory().upload(bytes, out);
        }

        @Override
        public String name() {
            return "faulty";
        }

        @Override
        public String description() {
            return "the reference device with a fault";
        }

        @Override
        public ActivationFormats formats() {
            return right.formats();
        }

        @Override
        public Memory memory() {
            return right.memory();
        }

        @Override
        public void synchronize() {
            right.synchronize();
        }

        @Override
        public void close() {
            right.close();
        }
    }
}
