package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** Makes copies from one order of elements to another. */
final class Reorders {
    private Reorders() {}

    /**
     * From rows to oneDNN's order for the right operand of a product.
     *
     * @param k rows of the operand
     * @param n its columns
     * @param types of the product
     * @param source element type of the rows
     * @param right order of the source
     */
    record Pack(long k, long n, MatmulSpec.Types types, int source, MatmulSpec.Right right) {}

    /** Arguments at run time: source, target, scratchpad. */
    static Primitive pack(Pack pack) {
        boolean transposed = pack.right().kind() == MatmulSpec.Right.Kind.TRANSPOSED;
        long stride = pack.right().stride();
        dnnl_memory_desc from = Md.strided(
                pack.source(), new long[] {pack.k(), pack.n()}, transposed ? 1 : stride, transposed ? stride : 1);
        dnnl_memory_desc to = Matmuls.packed(pack.k(), pack.n(), pack.types());
        Primitive primitive = create(from, to);
        dnnl_memory_desc_destroy(from);
        dnnl_memory_desc_destroy(to);
        return primitive;
    }

    /** Arguments at run time: source, target, scratchpad. */
    static Primitive create(dnnl_memory_desc from, dnnl_memory_desc to) {
        dnnl_primitive_attr attr = new dnnl_primitive_attr();
        Dnnl.check(dnnl_primitive_attr_create(attr), "attributes");
        Dnnl.check(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user), "scratchpad mode");
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        Dnnl.check(dnnl_reorder_primitive_desc_create(desc, from, Dnnl.engine(), to, Dnnl.engine(), attr), "reorder");
        Primitive primitive = new Primitive(
                desc, new Primitive.Argument(DNNL_ARG_FROM, from), new Primitive.Argument(DNNL_ARG_TO, to));
        dnnl_primitive_attr_destroy(attr);
        return primitive;
    }

    /** Bytes of a packed right operand [k, n]. */
    static long packedBytes(long k, long n, MatmulSpec.Types types) {
        dnnl_memory_desc md = Matmuls.packed(k, n, types);
        long bytes = Md.bytes(md);
        dnnl_memory_desc_destroy(md);
        return bytes;
    }
}
