package io.wan4j.gpucheck;

import io.wan4j.gpucheck.KernelCase.Work;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.spi.Rope;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ContractShapes.AttentionShape;
import io.wan4j.testkit.ContractShapes.ConvolutionShape;
import io.wan4j.testkit.ContractShapes.LinearShape;
import io.wan4j.testkit.ContractShapes.RowShape;
import io.wan4j.testkit.WanShapes.Named;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The kernels that are measured, made from the shapes of a {@link Workload}. */
final class KernelCases {
    /** Formats of weights. */
    static final List<Format> FORMATS = List.of(Format.I8, Format.F8_E4M3, Format.BF16);

    private static final Format COMPUTE = Format.BF16;
    private static final float EPS = 1e-6f;

    private KernelCases() {}

    /** The groups, each to be measured in a process of its own. */
    enum Group {
        LINEAR,
        ATTENTION,
        ROWS,
        CONVOLUTION;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        List<KernelCase> cases(Workload.Kernels shapes) {
            return switch (this) {
                case LINEAR ->
                    shapes.linears().stream()
                            .flatMap(shape -> FORMATS.stream().map(format -> linear(shape, format)))
                            .toList();
                case ATTENTION ->
                    shapes.attentions().stream().map(KernelCases::attention).toList();
                case ROWS ->
                    shapes.rows().stream()
                            .flatMap(shape -> rows(shape).stream())
                            .toList();
                case CONVOLUTION ->
                    shapes.convolutions().stream().map(KernelCases::convolution).toList();
            };
        }
    }

    static String kind(Format format) {
        return format.name().toLowerCase(Locale.ROOT);
    }

    /** y = x W^T + b; quantised formats have quantised input with row scales. */
    static KernelCase linear(Named<LinearShape> named, Format format) {
        LinearShape shape = named.shape();
        Map<String, Object> peer =
                Map.of("op", "linear", "m", shape.rows(), "n", shape.out(), "k", shape.in(), "format", kind(format));
        return new KernelCase(
                "linear " + named + " " + kind(format),
                kind(format),
                2.0 * shape.rows() * shape.out() * shape.in(),
                peer,
                rig -> {
                    Tensor x = rig.normal(format, shape.rows(), shape.in());
                    Linear layer = rig.linear(format, shape.out(), shape.in());
                    Tensor out = rig.blank(COMPUTE, shape.rows(), shape.out());
                    return new Work(() -> rig.device().kernels().linear(x, layer, Epilogue.STORE, out), out);
                });
    }

    static KernelCase attention(Named<AttentionShape> named) {
        AttentionShape shape = named.shape();
        long columns = (long) shape.heads() * shape.headDim();
        double keys = shape.keys().stream().mapToInt(Integer::intValue).sum();
        Map<String, Object> peer = Map.of(
                "op",
                "attention",
                "queries",
                shape.queries(),
                "keys",
                shape.keys(),
                "heads",
                shape.heads(),
                "dim",
                shape.headDim());
        return new KernelCase(
                "attention " + named + " " + kind(COMPUTE),
                kind(COMPUTE),
                4.0 * shape.queries() * keys * columns,
                peer,
                rig -> {
                    Tensor q = rig.normal(COMPUTE, shape.queries(), columns);
                    List<KeyValue> contexts = new ArrayList<>();
                    for (int count : shape.keys()) {
                        contexts.add(
                                new KeyValue(rig.normal(COMPUTE, count, columns), rig.normal(COMPUTE, count, columns)));
                    }
                    Tensor out = rig.blank(COMPUTE, shape.queries(), columns);
                    AttentionSpec spec = AttentionSpec.scaled(shape.heads(), shape.headDim());
                    return new Work(() -> rig.device().kernels().attention(q, contexts, spec, out), out);
                });
    }

    private static KernelCase convolution(Named<ConvolutionShape> named) {
        ConvolutionShape s = named.shape();
        Shape weight = Shape.of(s.out(), s.in(), s.kernelTime(), s.kernelSpace(), s.kernelSpace());
        int padding = s.geometry().before() + s.geometry().after();
        long frames =
                ((long) s.past() + s.frames() - s.kernelTime()) / s.geometry().strideTime() + 1;
        long height =
                ((long) s.height() + padding - s.kernelSpace()) / s.geometry().strideSpace() + 1;
        long width =
                ((long) s.width() + padding - s.kernelSpace()) / s.geometry().strideSpace() + 1;
        return new KernelCase(
                "convolution " + named + " " + kind(COMPUTE),
                kind(COMPUTE),
                2.0 * frames * height * width * weight.count(),
                Map.of(),
                rig -> {
                    Convolution layer = rig.convolution(weight, s.geometry());
                    Tensor past = rig.normal(COMPUTE, Math.max(1, s.past()), s.height(), s.width(), s.in())
                            .slice(0, s.past());
                    Tensor x = rig.normal(COMPUTE, s.frames(), s.height(), s.width(), s.in());
                    Tensor out = rig.blank(COMPUTE, frames, height, width, s.out());
                    return new Work(() -> rig.device().kernels().convolution(past, x, layer, Epilogue.STORE, out), out);
                });
    }

    private static List<KernelCase> rows(RowShape shape) {
        List<KernelCase> cases = new ArrayList<>();
        double elements = (double) shape.rows() * shape.columns();
        for (Format format : FORMATS) {
            cases.add(new KernelCase(
                    "norm_modulate " + shape + " f32 to " + kind(format),
                    KernelCase.COPY,
                    elements * (4 + format.bytes()),
                    Map.of(),
                    rig -> {
                        Tensor x = rig.normal(Format.F32, shape.rows(), shape.columns());
                        Tensor shift = rig.vector(0, shape.columns());
                        Tensor scale = rig.vector(0, shape.columns());
                        Tensor out = rig.blank(format, shape.rows(), shape.columns());
                        return new Work(() -> rig.device().kernels().normModulate(x, shift, scale, EPS, out), out);
                    }));
        }
        cases.add(rope(shape));
        return cases;
    }

    private static KernelCase rope(RowShape shape) {
        int headDim = Math.min(128, shape.columns());
        double elements = (double) shape.rows() * shape.columns();
        return new KernelCase(
                "rms_norm_rope " + shape + " bf16 in place",
                KernelCase.COPY,
                4 * elements + 4.0 * shape.rows() * headDim,
                Map.of(),
                rig -> {
                    Tensor x = rig.normal(COMPUTE, shape.rows(), shape.columns());
                    Tensor weight = rig.vector(1, shape.columns());
                    Rope rope =
                            new Rope(rig.normal(Format.F32, shape.rows(), headDim / 2, 2), shape.columns() / headDim);
                    return new Work(() -> rig.device().kernels().rmsNormRope(x, weight, EPS, rope, x), x);
                });
    }
}
