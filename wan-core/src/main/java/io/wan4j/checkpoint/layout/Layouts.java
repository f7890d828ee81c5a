package io.wan4j.checkpoint.layout;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** All known layouts. */
public final class Layouts {
    private static final NameTable CANONICAL = NameTable.of("");

    /** The original release: the canonical names. LightX2V uses them too, with {@code .weight_scale} where quantised. */
    public static final List<Layout> OFFICIAL = List.of(
            new RenamedLayout(
                    "original names",
                    Component.TRANSFORMER,
                    List.of("patch_embedding.weight", "blocks.0.self_attn.q.weight", "head.head.weight"),
                    CANONICAL),
            new RenamedLayout(
                    "original names",
                    Component.TEXT_ENCODER,
                    List.of("token_embedding.weight", "blocks.0.attn.q.weight", "norm.weight"),
                    CANONICAL),
            new RenamedLayout(
                    "original names",
                    Component.IMAGE_ENCODER,
                    List.of("visual.patch_embedding.weight", "visual.transformer.0.attn.to_qkv.weight"),
                    CANONICAL),
            new RenamedLayout(
                    "original names",
                    Component.VAE,
                    List.of("encoder.conv1.weight", "decoder.conv1.weight"),
                    CANONICAL));

    /** Diffusers' and Hugging Face's names. */
    public static final List<Layout> DIFFUSERS = List.of(
            new RenamedLayout(
                    "diffusers",
                    Component.TRANSFORMER,
                    List.of("patch_embedding.weight", "blocks.0.attn1.to_q.weight", "proj_out.weight"),
                    NameTable.of("""
                            text_embedding.0 = condition_embedder.text_embedder.linear_1
                            text_embedding.2 = condition_embedder.text_embedder.linear_2
                            time_embedding.0 = condition_embedder.time_embedder.linear_1
                            time_embedding.2 = condition_embedder.time_embedder.linear_2
                            time_projection.1 = condition_embedder.time_proj
                            img_emb.proj.0 = condition_embedder.image_embedder.norm1
                            img_emb.proj.1 = condition_embedder.image_embedder.ff.net.0.proj
                            img_emb.proj.3 = condition_embedder.image_embedder.ff.net.2
                            img_emb.proj.4 = condition_embedder.image_embedder.norm2
                            blocks.*.modulation = blocks.*.scale_shift_table
                            blocks.*.self_attn.q = blocks.*.attn1.to_q
                            blocks.*.self_attn.k = blocks.*.attn1.to_k
                            blocks.*.self_attn.v = blocks.*.attn1.to_v
                            blocks.*.self_attn.o = blocks.*.attn1.to_out.0
                            blocks.*.self_attn.norm_q = blocks.*.attn1.norm_q
                            blocks.*.self_attn.norm_k = blocks.*.attn1.norm_k
                            blocks.*.norm3 = blocks.*.norm2
                            blocks.*.cross_attn.q = blocks.*.attn2.to_q
                            blocks.*.cross_attn.k = blocks.*.attn2.to_k
                            blocks.*.cross_attn.v = blocks.*.attn2.to_v
                            blocks.*.cross_attn.o = blocks.*.attn2.to_out.0
                            blocks.*.cross_attn.norm_q = blocks.*.attn2.norm_q
                            blocks.*.cross_attn.norm_k = blocks.*.attn2.norm_k
                            blocks.*.cross_attn.k_img = blocks.*.attn2.add_k_proj
                            blocks.*.cross_attn.v_img = blocks.*.attn2.add_v_proj
                            blocks.*.cross_attn.norm_k_img = blocks.*.attn2.norm_added_k
                            blocks.*.ffn.0 = blocks.*.ffn.net.0.proj
                            blocks.*.ffn.2 = blocks.*.ffn.net.2
                            head.modulation = scale_shift_table
                            head.head = proj_out
                            """)),
            new HuggingFaceText(),
            new HuggingFaceVision(),
            new RenamedLayout(
                    "diffusers",
                    Component.VAE,
                    List.of("encoder.conv_in.weight", "decoder.conv_in.weight"),
                    NameTable.of(diffusersVae())));

    /** Names that ggml gives the text encoder in GGUF files; transformers keep the original names there. */
    public static final List<Layout> GGML = List.of(new RenamedLayout(
            "ggml umT5",
            Component.TEXT_ENCODER,
            List.of("token_embd.weight", "enc.blk.0.attn_q.weight", "enc.output_norm.weight"),
            NameTable.of("""
                    token_embedding = token_embd
                    blocks.*.norm1 = enc.blk.*.attn_norm
                    blocks.*.attn.q = enc.blk.*.attn_q
                    blocks.*.attn.k = enc.blk.*.attn_k
                    blocks.*.attn.v = enc.blk.*.attn_v
                    blocks.*.attn.o = enc.blk.*.attn_o
                    blocks.*.pos_embedding.embedding = enc.blk.*.attn_rel_b
                    blocks.*.norm2 = enc.blk.*.ffn_norm
                    blocks.*.ffn.gate.0 = enc.blk.*.ffn_gate
                    blocks.*.ffn.fc1 = enc.blk.*.ffn_up
                    blocks.*.ffn.fc2 = enc.blk.*.ffn_down
                    norm = enc.output_norm
                    """)));

    private Layouts() {}

    /** The layout whose whole checkpoint has these names, if there is one. */
    public static Optional<Layout> recognise(Set<String> names) {
        return Stream.of(OFFICIAL, DIFFUSERS, GGML)
                .flatMap(List::stream)
                .filter(layout -> layout.recognises(names))
                .findFirst();
    }

    private static String diffusersVae() {
        String same = """
                conv1 = quant_conv
                conv2 = post_quant_conv
                encoder.conv1 = encoder.conv_in
                encoder.head.0 = encoder.norm_out
                encoder.head.2 = encoder.conv_out
                encoder.downsamples.* = encoder.down_blocks.*
                """
                + residual("encoder.downsamples.*", "encoder.down_blocks.*")
                + middle("encoder")
                + """
                decoder.conv1 = decoder.conv_in
                decoder.head.0 = decoder.norm_out
                decoder.head.2 = decoder.conv_out
                """
                + middle("decoder");
        // Four stages of three residual blocks and, but for the last stage, one upsampler.
        String upsamples = IntStream.range(0, 15)
                .mapToObj(i -> {
                    String canonical = "decoder.upsamples." + i;
                    String stage = "decoder.up_blocks." + i / 4;
                    return i % 4 == 3
                            ? canonical + " = " + stage + ".upsamplers.0\n"
                            : residual(canonical, stage + ".resnets." + i % 4);
                })
                .collect(Collectors.joining());
        return same + upsamples;
    }

    private static String residual(String canonical, String stored) {
        return """
               C.residual.0 = S.norm1
               C.residual.2 = S.conv1
               C.residual.3 = S.norm2
               C.residual.6 = S.conv2
               C.shortcut = S.conv_shortcut
               """.replace("C.", canonical + ".").replace("S.", stored + ".");
    }

    private static String middle(String coder) {
        return residual(coder + ".middle.0", coder + ".mid_block.resnets.0")
                + coder + ".middle.1 = " + coder + ".mid_block.attentions.0\n"
                + residual(coder + ".middle.2", coder + ".mid_block.resnets.1");
    }
}
