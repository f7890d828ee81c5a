package io.wan4j.testkit;

import io.wan4j.spi.Convolution.Geometry;
import io.wan4j.testkit.ContractShapes.AttentionShape;
import io.wan4j.testkit.ContractShapes.ConvolutionShape;
import io.wan4j.testkit.ContractShapes.LinearShape;
import java.util.List;

/**
 * The sizes that Wan2.1-I2V-14B computes at 832x480, by name; for benchmarks and slow tests. A latent frame has 1560
 * tokens: 1, 9, 17 and 81 frames of video are 1, 3, 5 and 21 latent frames.
 */
public final class WanShapes {
    /** Tokens of 1, 3, 5 and 21 latent frames. */
    public static final List<Integer> TOKENS = List.of(1560, 4680, 7800, 32760);

    private static final int DIM = 5120;
    private static final int FFN = 13824;
    private static final int TEXT = 512;
    private static final int IMAGE = 257;

    private WanShapes() {}

    /**
     * A size and its name.
     *
     * @param name part of the model
     * @param shape its size
     * @param <S> kind of size
     */
    public record Named<S>(String name, S shape) {
        @Override
        public String toString() {
            return name + " " + shape;
        }
    }

    /** The linears of a transformer block, for a number of tokens. */
    public static List<Named<LinearShape>> linears(int tokens) {
        return List.of(
                new Named<>("attention q, k, v, o", new LinearShape(tokens, DIM, DIM)),
                new Named<>("ffn up", new LinearShape(tokens, FFN, DIM)),
                new Named<>("ffn down", new LinearShape(tokens, DIM, FFN)),
                new Named<>("text k, v", new LinearShape(TEXT, DIM, DIM)),
                new Named<>("image k, v", new LinearShape(IMAGE, DIM, DIM)),
                new Named<>("patch embedding", new LinearShape(tokens, DIM, 144)),
                new Named<>("head", new LinearShape(tokens, 64, DIM)));
    }

    /** The attentions of a transformer block, for a number of tokens. */
    public static List<Named<AttentionShape>> attentions(int tokens) {
        return List.of(
                new Named<>("self attention", new AttentionShape(tokens, List.of(tokens), 40, 128)),
                new Named<>("cross attention", new AttentionShape(tokens, List.of(IMAGE, TEXT), 40, 128)));
    }

    /** The encoders' layers. */
    public static List<Named<LinearShape>> encoderLinears() {
        return List.of(
                new Named<>("umT5 attention", new LinearShape(TEXT, 4096, 4096)),
                new Named<>("umT5 ffn up", new LinearShape(TEXT, 10240, 4096)),
                new Named<>("umT5 ffn down", new LinearShape(TEXT, 4096, 10240)),
                new Named<>("CLIP attention", new LinearShape(IMAGE, 1280, 1280)),
                new Named<>("CLIP mlp up", new LinearShape(IMAGE, 5120, 1280)));
    }

    /** The heaviest convolutions of the VAE, for a chunk of 4 frames after the first. */
    public static List<Named<ConvolutionShape>> convolutions() {
        Geometry same = Geometry.SAME_3;
        return List.of(
                new Named<>("decoder in", new ConvolutionShape(2, 1, 60, 104, 16, 384, 3, 3, same)),
                new Named<>("decoder middle", new ConvolutionShape(2, 1, 60, 104, 384, 384, 3, 3, same)),
                new Named<>("decoder up 1", new ConvolutionShape(2, 2, 120, 208, 384, 384, 3, 3, same)),
                new Named<>("decoder up 2", new ConvolutionShape(2, 4, 240, 416, 192, 192, 3, 3, same)),
                new Named<>("decoder up 3", new ConvolutionShape(2, 4, 480, 832, 96, 96, 3, 3, same)),
                new Named<>("decoder out", new ConvolutionShape(2, 4, 480, 832, 96, 3, 3, 3, same)),
                new Named<>("time doubling", new ConvolutionShape(2, 1, 60, 104, 384, 768, 3, 1, Geometry.POINT)));
    }
}
