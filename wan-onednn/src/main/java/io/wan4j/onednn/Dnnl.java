package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.error.DeviceException;
import io.wan4j.tensor.JavaCppLimits;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.javacpp.Loader;

/** The native library: loaded once, with one CPU engine for the process. */
final class Dnnl {
    private static final class Holder {
        static final dnnl_engine ENGINE = create();

        private static dnnl_engine create() {
            JavaCppLimits.lift();
            OpenMp.prepare();
            Loader.load(org.bytedeco.dnnl.global.dnnl.class);
            dnnl_engine engine = new dnnl_engine();
            check(dnnl_engine_create(engine, dnnl_cpu, 0), "engine");
            // Every device keeps its own bounded cache of primitives; this one lets threads share generated code.
            check(dnnl_set_primitive_cache_capacity(512), "primitive cache");
            return engine;
        }
    }

    private Dnnl() {}

    /** The CPU engine; loads the library on first use, with all the errors that loading may have. */
    static dnnl_engine engine() {
        return Holder.ENGINE;
    }

    /** The instruction set that oneDNN uses here. */
    static int isa() {
        engine();
        return dnnl_get_effective_cpu_isa();
    }

    /** Whether the CPU multiplies BF16 in hardware. */
    static boolean hasBf16() {
        return (isa() & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
    }

    /** Whether the CPU has tile products (AMX). */
    static boolean hasAmx() {
        return (isa() & dnnl_cpu_isa_avx512_core_amx) == dnnl_cpu_isa_avx512_core_amx;
    }

    static void check(int status, String what) {
        if (status != dnnl_success) {
            throw new DeviceException("onednn: " + what + ": expected success, got status " + status
                    + (status == dnnl_out_of_memory ? " (out of memory)" : ""));
        }
    }
}
