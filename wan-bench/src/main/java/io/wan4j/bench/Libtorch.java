package io.wan4j.bench;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Data of a libtorch contender, in BF16, and its runs. No pointer scope stays open between runs. */
final class Libtorch implements AutoCloseable {
    private final List<Tensor> held = new ArrayList<>();

    /** Loads the library and sets its threads. */
    static void start(int threads) {
        torch.set_num_threads(threads);
    }

    /** Normally distributed BF16 values of this deviation. */
    @SuppressWarnings("try") // scopes act by being open
    Tensor normal(double deviation, long... dims) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            return keep(torch.randn(dims).mul(new Scalar(deviation)).to(torch.ScalarType.BFloat16));
        }
    }

    /** A weight [out, in] whose products have about the size of the input. */
    Tensor weight(long out, long in) {
        return normal(1 / Math.sqrt((double) in), out, in);
    }

    /** Keeps a tensor beyond the scope that it was made in. */
    Tensor keep(Tensor tensor) {
        tensor.retainReference();
        held.add(tensor);
        return tensor;
    }

    /** Runs work once; what it makes is freed. */
    @SuppressWarnings("try") // scopes act by being open
    static void run(Runnable work) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            work.run();
        }
    }

    Contender contender(String form, Runnable work) {
        return Contender.peer("libtorch", form, () -> run(work), this::close);
    }

    /** softmax(q k^T / sqrt(D)) v per head: q [L, H D]. */
    static Tensor attention(Tensor q, Tensor k, Tensor v, int heads) {
        Tensor out = torch.scaled_dot_product_attention(
                heads(q, heads),
                heads(k, heads),
                heads(v, heads),
                new TensorOptional(),
                0,
                false,
                new DoubleOptional(),
                false);
        return out.squeeze(0).transpose(0, 1).reshape(q.size(0), q.size(1));
    }

    private static Tensor heads(Tensor x, int heads) {
        return x.view(x.size(0), heads, x.size(1) / heads).transpose(0, 1).unsqueeze(0);
    }

    @Override
    public void close() {
        held.forEach(Tensor::releaseReference);
        held.clear();
    }
}
