package io.wan4j.bench;

import io.wan4j.testkit.ContractShapes.AttentionShape;
import io.wan4j.testkit.ContractShapes.LinearShape;
import io.wan4j.testkit.WanShapes;
import io.wan4j.testkit.WanShapes.Named;
import io.wan4j.testkit.synth.WeightEncoding;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Everything that is measured, at the sizes of {@link WanShapes}. */
final class Experiments {
    private static final int QUICK_TOKENS = 1560;
    private static final List<Integer> ATTENTION_TOKENS = List.of(4680, 32760);

    private Experiments() {}

    static List<Experiment> all(Devices devices) {
        List<Experiment> all = new ArrayList<>();
        for (int tokens : WanShapes.TOKENS) {
            for (Named<LinearShape> linear : WanShapes.linears(tokens).subList(0, 3)) {
                all.add(linear(devices, linear, tokens == QUICK_TOKENS));
                all.add(floats(devices, linear, tokens));
            }
        }
        WanShapes.encoderLinears().forEach(linear -> all.add(linear(devices, linear, false)));
        for (int tokens : ATTENTION_TOKENS) {
            WanShapes.attentions(tokens)
                    .forEach(attention -> all.add(attention(devices, attention, tokens < QUICK_TOKENS * 4)));
        }
        all.addAll(BlockExperiments.all(devices));
        all.addAll(VaeExperiments.all(devices));
        all.addAll(EncoderExperiments.all(devices));
        all.addAll(LoadExperiments.all(devices));
        return all;
    }

    private static Experiment linear(Devices devices, Named<LinearShape> named, boolean isQuick) {
        LinearShape s = named.shape();
        return new Experiment(
                "linear " + named.name(),
                s.toString(),
                2.0 * s.rows() * s.in() * s.out(),
                isQuick,
                List.of(
                        () -> Ours.linear(devices.bf16(), WeightEncoding.BF16, s),
                        () -> Ours.linear(devices.bf16(), WeightEncoding.INT8, s),
                        () -> Ours.linear(devices.bf16(), WeightEncoding.FP8, s),
                        () -> Ours.linear(devices.int8Attention(), WeightEncoding.FP8, s)
                                .withFormat("FP8 as INT8"),
                        () -> torchLinear(s)));
    }

    /** F32, with the context of other libraries at the smallest size. */
    private static Experiment floats(Devices devices, Named<LinearShape> named, int tokens) {
        LinearShape s = named.shape();
        List<Supplier<Contender>> contenders = new ArrayList<>();
        contenders.add(() -> Ours.linear(devices.f32(), WeightEncoding.F32, s));
        contenders.add(() -> HostPeers.openBlas(s, 2));
        if (tokens == QUICK_TOKENS) {
            contenders.add(() -> HostPeers.ejml(s));
        }
        return new Experiment(
                "linear F32 " + named.name(), s.toString(), 2.0 * s.rows() * s.in() * s.out(), false, contenders);
    }

    private static Contender torchLinear(LinearShape s) {
        Libtorch data = new Libtorch();
        Tensor x = data.normal(1, s.rows(), s.in());
        Tensor weight = data.weight(s.out(), s.in());
        Tensor bias = data.normal(0.02, s.out());
        return data.contender("BF16", () -> torch.linear(x, weight, new TensorOptional(bias)));
    }

    private static Experiment attention(Devices devices, Named<AttentionShape> named, boolean isQuick) {
        AttentionShape s = named.shape();
        long keys = s.keys().stream().mapToLong(Integer::longValue).sum();
        return new Experiment(
                named.name(),
                s.toString(),
                4.0 * s.queries() * keys * s.heads() * s.headDim(),
                isQuick,
                List.of(
                        () -> Ours.attention(devices.bf16(), "BF16", s),
                        () -> Ours.attention(devices.int8Attention(), "INT8 q k", s),
                        () -> torchAttention(s)));
    }

    private static Contender torchAttention(AttentionShape s) {
        Libtorch data = new Libtorch();
        long columns = (long) s.heads() * s.headDim();
        Tensor q = data.normal(1, s.queries(), columns);
        List<Tensor> keys = new ArrayList<>();
        List<Tensor> values = new ArrayList<>();
        for (int rows : s.keys()) {
            keys.add(data.normal(1, rows, columns));
            values.add(data.normal(1, rows, columns));
        }
        return data.contender("BF16", () -> {
            Tensor sum = Libtorch.attention(q, keys.get(0), values.get(0), s.heads());
            for (int i = 1; i < keys.size(); i++) {
                sum.add_(Libtorch.attention(q, keys.get(i), values.get(i), s.heads()));
            }
        });
    }
}
