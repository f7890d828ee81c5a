package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.tensor.Format;
import org.bytedeco.dnnl.dnnl_memory_desc;

/** Memory descriptors: extents, element type, and where each element lies. */
final class Md {
    private Md() {}

    /** oneDNN's number for an element format. */
    static int type(Format format) {
        return switch (format) {
            case F32 -> dnnl_f32;
            case BF16 -> dnnl_bf16;
            case F16 -> dnnl_f16;
            case I8 -> dnnl_s8;
            case I32 -> dnnl_s32;
            default -> throw new IllegalArgumentException("onednn: no element type for " + format);
        };
    }

    /** Elements at given strides. */
    static dnnl_memory_desc strided(int type, long[] dims, long... strides) {
        dnnl_memory_desc md = new dnnl_memory_desc();
        Dnnl.check(dnnl_memory_desc_create_with_strides(md, dims.length, dims, type, strides), "memory descriptor");
        return md;
    }

    /** Elements in an order by format tag, or {@code dnnl_format_tag_any} for the primitive's choice. */
    static dnnl_memory_desc tagged(int type, int tag, long... dims) {
        dnnl_memory_desc md = new dnnl_memory_desc();
        Dnnl.check(
                dnnl_memory_desc_create_with_tag(
                        md, dims.length, new org.bytedeco.javacpp.LongPointer(dims), type, tag),
                "memory descriptor");
        return md;
    }

    static long bytes(dnnl_memory_desc md) {
        return dnnl_memory_desc_get_size(md);
    }
}
