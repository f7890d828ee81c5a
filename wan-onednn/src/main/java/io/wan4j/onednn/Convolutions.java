package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** Makes convolutions, and copies of their weights in the order that oneDNN wants. */
final class Convolutions {
    private Convolutions() {}

    /** A kernel with one tap in time is a 2-D convolution to oneDNN, which has no fast code for its 3-D form. */
    private static boolean flat(ConvolutionSpec.Kernel k) {
        return k.time() == 1;
    }

    private static long[] dims(ConvolutionSpec.Kernel k, long first, long second, long... rest) {
        int skipped = flat(k) ? 1 : 0;
        long[] dims = new long[5 - skipped];
        dims[0] = first;
        dims[1] = second;
        System.arraycopy(rest, skipped, dims, 2, 3 - skipped);
        return dims;
    }

    private static long[] spatial(ConvolutionSpec.Kernel k, long time, long rows, long columns) {
        return flat(k) ? new long[] {rows, columns} : new long[] {time, rows, columns};
    }

    private static long[] weightDims(ConvolutionSpec.Kernel k) {
        return dims(k, k.out(), k.in(), k.time(), k.space(), k.space());
    }

    /** From F32 rows of the weight, at the first tap that is used, to an order. Arguments at run time: weight, packed weight, scratchpad. */
    static Primitive packer(ConvolutionSpec.Kernel k, dnnl_memory_desc order) {
        long tap = k.space() * k.space();
        long channel = (k.skipped() + k.time()) * tap;
        dnnl_memory_desc from =
                Md.strided(dnnl_f32, weightDims(k), dims(k, k.in() * channel, channel, tap, k.space(), 1));
        Primitive primitive = Reorders.create(from, order);
        dnnl_memory_desc_destroy(from);
        return primitive;
    }

    private static int tag(ConvolutionSpec.Kernel k) {
        return flat(k) ? dnnl_nhwc : dnnl_ndhwc;
    }

    private static dnnl_memory_desc source(ConvolutionSpec s) {
        ConvolutionSpec.Kernel k = s.kernel();
        return Md.tagged(s.type(), tag(k), dims(k, 1, k.in(), k.time(), s.rowsIn(), s.width()));
    }

    private static dnnl_memory_desc result(ConvolutionSpec s) {
        ConvolutionSpec.Kernel k = s.kernel();
        return Md.tagged(s.result(), tag(k), dims(k, 1, k.out(), 1, s.rows(), s.widthOut()));
    }

    private static dnnl_memory_desc bias(ConvolutionSpec s) {
        return Md.strided(dnnl_f32, new long[] {s.kernel().out()}, 1);
    }

    private static dnnl_primitive_desc describe(ConvolutionSpec s, dnnl_memory_desc weights) {
        dnnl_memory_desc source = source(s);
        dnnl_memory_desc bias = bias(s);
        dnnl_memory_desc result = result(s);
        dnnl_primitive_attr attr = new dnnl_primitive_attr();
        Dnnl.check(dnnl_primitive_attr_create(attr), "attributes");
        Dnnl.check(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user), "scratchpad mode");
        dnnl_post_ops ops = new dnnl_post_ops();
        Dnnl.check(dnnl_post_ops_create(ops), "post-ops");
        if (s.sum()) {
            Dnnl.check(dnnl_post_ops_append_sum(ops, 1f, 0, dnnl_data_type_undef), "post-op");
        }
        Dnnl.check(dnnl_primitive_attr_set_post_ops(attr, ops), "post-ops");
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        ConvolutionSpec.Kernel k = s.kernel();
        Dnnl.check(
                dnnl_convolution_forward_primitive_desc_create(
                        desc,
                        Dnnl.engine(),
                        dnnl_forward_inference,
                        dnnl_convolution_direct,
                        source,
                        weights,
                        bias,
                        result,
                        spatial(k, 1, s.stride(), s.stride()),
                        spatial(k, 0, 0, 0),
                        spatial(k, 0, 0, s.before()),
                        spatial(k, 0, 0, s.after()),
                        attr),
                "convolution " + s);
        dnnl_post_ops_destroy(ops);
        dnnl_primitive_attr_destroy(attr);
        for (dnnl_memory_desc md : List.of(source, bias, result)) {
            dnnl_memory_desc_destroy(md);
        }
        return desc;
    }

    /**
     * Arguments at run time: input, packed weight, bias, result, scratchpad. The order of the packed weight is that of
     * argument 1; it depends on the whole specification.
     */
    static Primitive create(ConvolutionSpec s) {
        dnnl_memory_desc any = Md.tagged(s.type(), dnnl_format_tag_any, weightDims(s.kernel()));
        dnnl_memory_desc source = source(s);
        dnnl_memory_desc bias = bias(s);
        dnnl_memory_desc result = result(s);
        dnnl_primitive_desc desc = describe(s, any);
        Primitive primitive = new Primitive(
                desc,
                new Primitive.Argument(DNNL_ARG_SRC, source),
                new Primitive.Argument(DNNL_ARG_WEIGHTS, dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0)),
                new Primitive.Argument(DNNL_ARG_BIAS, bias),
                new Primitive.Argument(DNNL_ARG_DST, result));
        for (dnnl_memory_desc md : List.of(any, source, bias, result)) {
            dnnl_memory_desc_destroy(md);
        }
        return primitive;
    }
}
