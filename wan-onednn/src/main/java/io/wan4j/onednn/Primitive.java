package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * A compiled operation with its argument slots, used by one thread. Data are given by address at every call, the
 * scratchpad last.
 */
final class Primitive implements AutoCloseable {
    /** One argument: its slot and the order of its elements. */
    record Argument(int slot, dnnl_memory_desc order) {}

    private final dnnl_primitive primitive = new dnnl_primitive();
    private final dnnl_memory[] memories;
    private final dnnl_exec_arg_t arguments;
    private final Address address = new Address();
    private final long scratchpadBytes;
    private final String implementation;

    /** Compiles what {@code desc} describes and destroys it. */
    Primitive(dnnl_primitive_desc desc, Argument... slots) {
        Dnnl.check(dnnl_primitive_create(primitive, desc), "primitive");
        dnnl_memory_desc scratchpad = dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
        scratchpadBytes = Md.bytes(scratchpad);
        implementation = implementation(desc);
        memories = new dnnl_memory[slots.length + 1];
        arguments = new dnnl_exec_arg_t(slots.length + 1);
        for (int i = 0; i < slots.length; i++) {
            bind(i, slots[i].slot(), slots[i].order());
        }
        bind(slots.length, DNNL_ARG_SCRATCHPAD, scratchpad);
        dnnl_primitive_desc_destroy(desc);
    }

    private void bind(int index, int slot, dnnl_memory_desc order) {
        dnnl_memory memory = new dnnl_memory();
        Dnnl.check(dnnl_memory_create(memory, order, Dnnl.engine(), null), "memory");
        memories[index] = memory;
        arguments.getPointer(index).arg(slot).memory(memory);
    }

    private static String implementation(dnnl_primitive_desc desc) {
        try (PointerPointer<BytePointer> name = new PointerPointer<>(1)) {
            Dnnl.check(dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, name), "implementation");
            return name.get(BytePointer.class, 0).getString();
        }
    }

    /** Bytes of scratchpad that a call needs. */
    long scratchpadBytes() {
        return scratchpadBytes;
    }

    /** oneDNN's name for the code that runs, for example {@code brg_matmul:avx10_1_512_amx}. */
    String implementation() {
        return implementation;
    }

    /** The order of an argument's elements, valid as long as this primitive. */
    dnnl_memory_desc order(int index) {
        dnnl_memory_desc order = new dnnl_memory_desc();
        Dnnl.check(dnnl_memory_get_memory_desc(memories[index], order), "order");
        return order;
    }

    /** Runs with these addresses, in the order of the slots, then the scratchpad's (any if it needs none). */
    void run(dnnl_stream stream, long... data) {
        for (int i = 0; i < memories.length; i++) {
            dnnl_memory_set_data_handle(memories[i], address.at(data[i]));
        }
        Dnnl.check(dnnl_primitive_execute(primitive, stream, memories.length, arguments), "execution");
    }

    @Override
    public void close() {
        dnnl_primitive_destroy(primitive);
        for (dnnl_memory memory : memories) {
            dnnl_memory_destroy(memory);
        }
        arguments.deallocate();
        address.close();
    }
}
