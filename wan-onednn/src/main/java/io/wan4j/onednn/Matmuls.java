package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** Makes matrix products and the packed order of their right operands. */
final class Matmuls {
    /** Rows of A for which the packed order of B is asked; products with fewer rows take the same order. */
    private static final long TYPICAL_ROWS = 256;

    private Matmuls() {}

    /** The order in which oneDNN wants B [k,n] for operands of these types. */
    static dnnl_memory_desc packed(long k, long n, MatmulSpec.Types types) {
        dnnl_primitive_attr attr = attributes(MatmulSpec.Fusion.NONE, n);
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        dnnl_memory_desc a = Md.tagged(types.a(), dnnl_ab, TYPICAL_ROWS, k);
        dnnl_memory_desc b = Md.tagged(types.b(), dnnl_format_tag_any, k, n);
        dnnl_memory_desc c = Md.tagged(types.c(), dnnl_ab, TYPICAL_ROWS, n);
        Dnnl.check(dnnl_matmul_primitive_desc_create(desc, Dnnl.engine(), a, b, null, c, attr), "matmul order");
        dnnl_memory_desc order = new dnnl_memory_desc();
        Dnnl.check(
                dnnl_memory_desc_clone(order, dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0)),
                "matmul order");
        dnnl_primitive_desc_destroy(desc);
        dnnl_primitive_attr_destroy(attr);
        for (dnnl_memory_desc md : List.of(a, b, c)) {
            dnnl_memory_desc_destroy(md);
        }
        return order;
    }

    /** Arguments at run time: A, B, C, then column scales, bias, gate as far as they are fused, then the scratchpad. */
    static Primitive create(MatmulSpec spec) {
        MatmulSpec.Types types = spec.types();
        MatmulSpec.Fusion fusion = spec.fusion();
        dnnl_memory_desc a = Md.strided(types.a(), new long[] {spec.m(), spec.k()}, spec.lda(), 1);
        dnnl_memory_desc b = switch (spec.right().kind()) {
            case PACKED -> packed(spec.k(), spec.n(), types);
            case ROWS ->
                Md.strided(
                        types.b(), new long[] {spec.k(), spec.n()}, spec.right().stride(), 1);
            case TRANSPOSED ->
                Md.strided(
                        types.b(),
                        new long[] {spec.k(), spec.n()},
                        1,
                        spec.right().stride());
        };
        dnnl_memory_desc c = Md.strided(types.c(), new long[] {spec.m(), spec.n()}, spec.ldc(), 1);
        dnnl_memory_desc row = Md.strided(dnnl_f32, new long[] {1, spec.n()}, spec.n(), 1);
        dnnl_memory_desc scales = Md.strided(dnnl_f32, new long[] {spec.n()}, 1);
        List<Primitive.Argument> slots = new ArrayList<>(List.of(
                new Primitive.Argument(DNNL_ARG_SRC, a),
                new Primitive.Argument(DNNL_ARG_WEIGHTS, b),
                new Primitive.Argument(DNNL_ARG_DST, c)));
        if (fusion.columnScale()) {
            slots.add(new Primitive.Argument(DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, scales));
        }
        if (fusion.bias()) {
            slots.add(new Primitive.Argument(DNNL_ARG_BIAS, row));
        }
        if (fusion.gate()) {
            int place = fusion.function().operations();
            slots.add(new Primitive.Argument(DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (place + 1) | DNNL_ARG_SRC_1, row));
        }
        dnnl_primitive_attr attr = attributes(fusion, spec.n());
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        Dnnl.check(
                dnnl_matmul_primitive_desc_create(desc, Dnnl.engine(), a, b, fusion.bias() ? row : null, c, attr),
                "matmul " + spec);
        Primitive primitive = new Primitive(desc, slots.toArray(Primitive.Argument[]::new));
        dnnl_primitive_attr_destroy(attr);
        for (dnnl_memory_desc md : List.of(a, b, c, row, scales)) {
            dnnl_memory_desc_destroy(md);
        }
        return primitive;
    }

    private static dnnl_primitive_attr attributes(MatmulSpec.Fusion fusion, long n) {
        dnnl_primitive_attr attr = new dnnl_primitive_attr();
        Dnnl.check(dnnl_primitive_attr_create(attr), "attributes");
        Dnnl.check(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user), "scratchpad mode");
        if (fusion.columnScale()) {
            Dnnl.check(dnnl_primitive_attr_set_scales_mask(attr, DNNL_ARG_WEIGHTS, 1 << 1), "column scales");
        }
        dnnl_post_ops ops = new dnnl_post_ops();
        Dnnl.check(dnnl_post_ops_create(ops), "post-ops");
        append(ops, fusion.function());
        if (fusion.gate()) {
            dnnl_memory_desc row = Md.strided(dnnl_f32, new long[] {1, n}, n, 1);
            Dnnl.check(dnnl_post_ops_append_binary(ops, dnnl_binary_mul, row), "post-op");
            dnnl_memory_desc_destroy(row);
        }
        if (fusion.sum()) {
            Dnnl.check(dnnl_post_ops_append_sum(ops, 1f, 0, dnnl_data_type_undef), "post-op");
        }
        Dnnl.check(dnnl_primitive_attr_set_post_ops(attr, ops), "post-ops");
        dnnl_post_ops_destroy(ops);
        return attr;
    }

    private static void append(dnnl_post_ops ops, MatmulSpec.Function function) {
        if (function.scale() != 1f) {
            Dnnl.check(dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_linear, function.scale(), 0f), "post-op");
        }
        switch (function.shape()) {
            case IDENTITY -> {}
            case EXP -> Dnnl.check(dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_exp, 0f, 0f), "post-op");
            case GELU_TANH -> Dnnl.check(dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_gelu_tanh, 0f, 0f), "post-op");
        }
    }
}
