package io.wan4j.spi;

import io.wan4j.tensor.Tensor;
import java.util.List;

/**
 * The operations that a backend implements, named for the maths. Destination last. Arguments were checked by
 * {@code io.wan4j.ops.Ops}: a kernel does not check again, allocates nothing that outlives the call, and knows formats
 * from the tensors. Unless a method says otherwise, out may not overlap an input, all sums accumulate in F32 or better,
 * vectors of parameters are F32, and activations are F32 or BF16.
 */
public interface Kernels {
    /** out[i] = table[ids[i]]. Table [rows, C] in any floating format; out [ids.length, C]. */
    void gather(Tensor table, int[] ids, Tensor out);

    /**
     * y = x W^T + b + adapters, then the epilogue into out.
     *
     * <p>x [M, K] in F32 or BF16, or codes with row scales where the weight is {@code Scaled} with codes of the same
     * format. Where the weight is {@code Scaled} with dynamic activations and x is not quantised yet, the kernel
     * quantises it: per row, {@code s = max(amax, 1e-8) / (448 or 127)}, round to nearest even, saturating. Then
     * {@code y = (q_x q_w) * s_x * s_w + b}, with I32 sums for I8 and F32 for F8_E4M3. out [M, N] in F32 or BF16, or,
     * with Store and Activate, codes with row scales (quantised after the activation by the same rule).
     */
    void linear(Tensor x, Linear layer, Epilogue epilogue, Tensor out);

    /**
     * out = (x - mean) / sqrt(var + eps) * (1 + scale) + shift, per row. x [L, C]; shift, scale [C]; out [L, C], also as
     * codes with row scales (rule of {@link #linear}).
     */
    void normModulate(Tensor x, Tensor shift, Tensor scale, float eps, Tensor out);

    /** out = (x - mean) / sqrt(var + eps) * weight + bias, per row. Shapes and formats as {@link #normModulate}. */
    void layerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor out);

    /** out = weight * x / sqrt(mean(x^2) + eps), per row. Shapes and formats as {@link #normModulate}; out may be x. */
    void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out);

    /** {@link #rmsNorm} over the whole row, then {@link Rope} on every head. x, out [L, heads * D]; out may be x. */
    void rmsNormRope(Tensor x, Tensor weight, float eps, Rope rope, Tensor out);

    /**
     * out = sum over contexts of softmax(scale * q k^T + bias) v, per head; each context has its own softmax. q, out
     * [Lq, H D]; k, v [Lk, H D] with any Lk >= 1. Heads are contiguous column groups. No Lq x Lk array is kept by fast
     * backends.
     */
    void attention(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out);

    /** out = activation(x), any shape; out may be x. */
    void activate(Tensor x, Activation activation, Tensor out);

    /** out[r] = parameter[r] + time[r], or + time[0] where time has one row. F32 [R, C]. */
    void modulation(Tensor parameter, Tensor time, Tensor out);

    /**
     * Cuts latents into tokens: part i [C_i, T, H, W], all with the same T, H, W; out [T H/2 W/2, 4 sum(C_i)]. Token
     * order frame, row, column; inside a token channel (parts in order), row, column of the 2x2 patch.
     */
    void patchify(List<Tensor> parts, Tensor out);

    /** Inverse for the head: tokens [T H/2 W/2, 4 C] in order (row, column, channel) to out [C, T, H, W]. */
    void unpatchify(Tensor tokens, Tensor out);

    /**
     * 3-D convolution over the frames of past followed by those of x, without padding in time. past [P, H, W, I] with
     * P >= 0; x [T, H, W, I], both F32 or both BF16; out [(P + T - kt) / st + 1, H', W', O], F32 or of x's format.
     * Where P + T is less than kt, as at the beginning of a video, the frames that are missing before past are zeros: only the last
     * P + T taps in time are multiplied, and out has one frame. Epilogue Store or AddTo.
     */
    void convolution(Tensor past, Tensor x, Convolution layer, Epilogue epilogue, Tensor out);

    /**
     * out = activation(x / max(norm2(x), 1e-12) * sqrt(C) * gamma), over the last axis. x, out [.., C], each F32 or
     * BF16; gamma [C]; activation IDENTITY or SILU; out may be x.
     */
    void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out);

    /** Nearest-neighbour doubling: x [T, H, W, C] to out [T, 2H, 2W, C]. */
    void upsample(Tensor x, Tensor out);

    /** x [T, H, W, 2C] to out [2T, H, W, C]: frame 2t takes the first C channels of frame t, 2t+1 the last C. */
    void interleaveFrames(Tensor x, Tensor out);

    /** out = x in out's format, any shape with equal counts; F32, BF16, F16. */
    void copy(Tensor x, Tensor out);

    /** x [C, T, H, W] to out [T, H, W, C], with out = x * scale[c] + shift[c]. */
    void channelsLast(Tensor x, Tensor scale, Tensor shift, Tensor out);

    /** x [T, H, W, C] to out [C, T, H, W], with out = x * scale[c] + shift[c]. Takes the first channels of x if C of out is smaller. */
    void channelsFirst(Tensor x, Tensor scale, Tensor shift, Tensor out);

    /** Whether every element is finite. x in any floating format. */
    boolean allFinite(Tensor x);
}
