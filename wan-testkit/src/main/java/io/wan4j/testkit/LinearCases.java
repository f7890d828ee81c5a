package io.wan4j.testkit;

import io.wan4j.spi.Activation;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ContractShapes.LinearShape;
import io.wan4j.testkit.QuantisedOracle.Operand;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@link io.wan4j.spi.Kernels#linear}: weights, inputs, epilogues, results, side branches. */
final class LinearCases {
    private static final LinearShape ODD = new LinearShape(7, 33, 65);
    private static final LinearShape EVEN = new LinearShape(16, 64, 96);

    private final List<Format> activations;
    private final List<ContractCase> cases = new ArrayList<>();
    private final Set<Setup> setups = new HashSet<>();

    private LinearCases(List<Format> activations) {
        this.activations = activations;
    }

    /** What a linear case is about; the rest follows from the seed. */
    private record Setup(LinearShape shape, WeightKind kind, Format input, Format output, Ending ending, int branches) {
        String name() {
            String lora = branches == 0 ? "" : ", " + branches + " adapters";
            return shape + ", " + kind + ", " + input + " to " + output + ", " + ending + lora;
        }

        Set<Feature> needs() {
            EnumSet<Feature> needs = EnumSet.noneOf(Feature.class);
            needs.addAll(kind.needs());
            if (branches > 0) {
                needs.add(Feature.ADAPTERS);
            }
            if (output.isCode()) {
                needs.add(output == Format.I8 ? Feature.RESULTS_I8 : Feature.RESULTS_F8);
            }
            return needs;
        }
    }

    /** Epilogues, and the case without bias. */
    private enum Ending {
        STORE,
        STORE_WITHOUT_BIAS,
        IDENTITY,
        SILU,
        GELU_TANH,
        GELU_ERF,
        MULTIPLY,
        ADD_TO,
        ADD_GATED_TO;

        boolean mayQuantise() {
            return this == STORE || this == STORE_WITHOUT_BIAS || activation().isPresent();
        }

        Optional<Activation> activation() {
            return switch (this) {
                case IDENTITY -> Optional.of(Activation.IDENTITY);
                case SILU -> Optional.of(Activation.SILU);
                case GELU_TANH -> Optional.of(Activation.GELU_TANH);
                case GELU_ERF -> Optional.of(Activation.GELU_ERF);
                default -> Optional.empty();
            };
        }
    }

    static List<ContractCase> all(List<Format> activations, boolean larger) {
        LinearCases builder = new LinearCases(activations);
        builder.weightsAndShapes(larger);
        builder.endings();
        builder.adapters();
        return builder.cases;
    }

    private void add(Setup setup) {
        if (!setups.add(setup)) {
            return;
        }
        cases.add(new ContractCase(setup.name(), setup.needs(), rig -> run(rig, setup)));
    }

    private void weightsAndShapes(boolean larger) {
        for (LinearShape shape : ContractShapes.linear(larger)) {
            for (WeightKind kind : WeightKind.all()) {
                for (Format input : activations) {
                    add(new Setup(shape, kind, input, activations.get(0), Ending.STORE, 0));
                }
                if (kind.isDynamic()) {
                    add(new Setup(shape, kind, kind.format(), activations.get(0), Ending.STORE, 0));
                }
            }
        }
    }

    private void endings() {
        List<WeightKind> kinds = List.of(
                WeightKind.dense(Format.BF16),
                WeightKind.dynamic(Format.I8),
                WeightKind.dynamic(Format.F8_E4M3),
                WeightKind.unquantised(Format.F8_E4M3));
        for (LinearShape shape : List.of(ODD, EVEN)) {
            for (WeightKind kind : kinds) {
                List<Format> inputs = new ArrayList<>(activations);
                if (kind.isDynamic()) {
                    inputs.add(kind.format());
                }
                for (Format input : inputs) {
                    endings(shape, kind, input);
                }
            }
        }
    }

    private void endings(LinearShape shape, WeightKind kind, Format input) {
        for (Ending ending : Ending.values()) {
            for (Format output : activations) {
                add(new Setup(shape, kind, input, output, ending, 0));
            }
            if (ending.mayQuantise()) {
                add(new Setup(shape, kind, input, Format.I8, ending, 0));
                add(new Setup(shape, kind, input, Format.F8_E4M3, ending, 0));
            }
        }
    }

    private void adapters() {
        List<WeightKind> kinds = List.of(
                WeightKind.dense(Format.BF16),
                WeightKind.dynamic(Format.I8),
                WeightKind.dynamic(Format.F8_E4M3),
                WeightKind.unquantised(Format.I8));
        for (WeightKind kind : kinds) {
            for (Format input : activations) {
                add(new Setup(ODD, kind, input, activations.get(0), Ending.ADD_GATED_TO, 1));
                add(new Setup(EVEN, kind, input, activations.get(0), Ending.GELU_TANH, 2));
            }
        }
    }

    private static void run(Rig rig, Setup setup) {
        LinearShape shape = setup.shape();
        LinearOracle oracle = new LinearOracle(rig.errors());
        WeightKind.Made weight = setup.kind().make(rig, shape);
        Input input = Input.make(rig, setup);
        Expected y = oracle.product(input.product(), weight.operand(), shape.in());
        Optional<Tensor> bias = Optional.empty();
        if (setup.ending() != Ending.STORE_WITHOUT_BIAS) {
            Rig.Sample row = rig.normal(Format.F32, shape.out());
            bias = Optional.of(row.tensor());
            y = oracle.plusRow(y, row.values());
        }
        List<Linear.LowRank> adapters = new ArrayList<>();
        for (int i = 0; i < setup.branches(); i++) {
            Format format = i == 0 ? Format.F32 : Format.BF16;
            LinearOracle.Branch branch = new LinearOracle.Branch(shape.in(), 3 + 5 * i, 0.5f - i);
            Rig.Sample down =
                    rig.sample(format, rig.normal((long) branch.rank() * shape.in(), 0.2), branch.rank(), shape.in());
            Rig.Sample up = rig.normal(format, shape.out(), branch.rank());
            adapters.add(new Linear.LowRank(down.tensor(), up.tensor(), branch.strength()));
            double rounding = rig.errors().operandError(format);
            y = oracle.plusBranch(
                    y,
                    input.plain(),
                    Operand.rounded(down.wide(), rounding),
                    Operand.rounded(up.wide(), rounding),
                    branch);
        }
        Linear layer = new Linear("layer", weight.weight(), bias, adapters);
        finish(rig, setup, y, (epilogue, out) -> rig.kernels().linear(input.tensor(), layer, epilogue, out));
    }

    /** The kernel, but for what the epilogue decides. */
    private interface Call {
        void run(Epilogue epilogue, Tensor out);
    }

    private static void finish(Rig rig, Setup setup, Expected y, Call call) {
        LinearShape shape = setup.shape();
        LinearOracle oracle = new LinearOracle(rig.errors());
        long[] dims = {shape.rows(), shape.out()};
        Ending ending = setup.ending();
        Expected expected = ending.activation()
                .map(activation -> oracle.activated(y, activation))
                .orElse(y);
        Tensor out = rig.blank(setup.output(), dims);
        Epilogue epilogue =
                ending.activation().<Epilogue>map(Epilogue.Activate::new).orElse(Epilogue.STORE);
        if (ending == Ending.MULTIPLY) {
            Rig.Sample factor = rig.normal(setup.output(), dims);
            epilogue = new Epilogue.Multiply(factor.tensor());
            expected = oracle.times(y, factor.wide());
        } else if (ending == Ending.ADD_TO) {
            Rig.Sample old = rig.normal(setup.output(), dims);
            out = old.tensor();
            epilogue = Epilogue.ADD_TO;
            expected = oracle.addedTo(y, old.wide(), new float[] {1});
        } else if (ending == Ending.ADD_GATED_TO) {
            Rig.Sample old = rig.normal(setup.output(), dims);
            Rig.Sample gates = rig.normal(Format.F32, 6, shape.out());
            out = old.tensor();
            epilogue = new Epilogue.AddGatedTo(gates.tensor().entry(2));
            float[] gate = new float[shape.out()];
            System.arraycopy(gates.values(), 2 * shape.out(), gate, 0, shape.out());
            expected = oracle.addedTo(y, old.wide(), gate);
        }
        call.run(epilogue, out);
        rig.check(expected, out);
    }

    /**
     * The input of a layer.
     *
     * @param tensor on the device
     * @param product what the matrix product sees
     * @param plain what side branches see
     */
    record Input(Tensor tensor, Operand product, Operand plain) {
        private static Input make(Rig rig, Setup setup) {
            LinearShape shape = setup.shape();
            return setup.input().isCode()
                    ? codes(rig, setup.input(), shape)
                    : of(rig, setup.kind(), rig.normal(setup.input(), shape.rows(), shape.in()));
        }

        static Input of(Rig rig, WeightKind kind, Rig.Sample x) {
            double rounding = rig.errors().operandError(x.tensor().format());
            Operand plain = Operand.rounded(x.wide(), rounding);
            int columns = Math.toIntExact(x.tensor().shape().columns());
            return new Input(
                    x.tensor(),
                    kind.isDynamic() ? QuantisedOracle.quantise(x.values(), columns, kind.format()) : plain,
                    plain);
        }

        private static Input codes(Rig rig, Format format, LinearShape shape) {
            int count = shape.rows() * shape.in();
            float[] codes = rig.normal(count, format == Format.I8 ? 40 : 100);
            float[] scales = new float[shape.rows()];
            for (int i = 0; i < count; i++) {
                codes[i] = Math.max(-127, Math.min(127, codes[i]));
                codes[i] = format == Format.I8
                        ? (float) Math.rint(codes[i])
                        : FloatCodec.e4m3ToFloat(FloatCodec.floatToE4m3(codes[i]));
            }
            double[] values = new double[count];
            for (int i = 0; i < count; i++) {
                scales[i / shape.in()] = 0.01f * (1 + i / shape.in() % 5);
                values[i] = (double) codes[i] * scales[i / shape.in()];
            }
            Operand seen = Operand.rounded(values, 0);
            return new Input(rig.codes(format, codes, scales, shape.rows(), shape.in()), seen, seen);
        }
    }
}
