package io.wan4j.bench;

import io.wan4j.onednn.OneDnnOptions;
import io.wan4j.onednn.OneDnnProvider;
import io.wan4j.roofline.Calibration;
import io.wan4j.roofline.Ceilings;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import java.util.LinkedHashMap;
import java.util.Map;

/** The devices that are measured: one for each format of activations and choice of the backend. */
final class Devices implements AutoCloseable {
    private static final int TRIALS = 5;

    private final Device bf16;
    private final Device f32;
    private final Device int8Attention;

    Devices(DeviceOptions options) {
        OneDnnProvider provider = new OneDnnProvider();
        bf16 = provider.open(options.withFormats(ActivationFormats.BF16), OneDnnOptions.DEFAULT);
        f32 = provider.open(options.withFormats(ActivationFormats.F32), OneDnnOptions.DEFAULT);
        int8Attention = provider.open(
                options.withFormats(ActivationFormats.BF16),
                new OneDnnOptions(OneDnnOptions.Fp8.INT8, OneDnnOptions.Attention.INT8));
    }

    Device bf16() {
        return bf16;
    }

    Device f32() {
        return f32;
    }

    /** With INT8 attention, and FP8 weights as INT8. */
    Device int8Attention() {
        return int8Attention;
    }

    /**
     * The best sustained rates of this run by format: square layers that fit the caches, operands in place. What only
     * registers reach cannot be had from Java.
     */
    Map<String, Double> ceilings() {
        Map<String, Double> rates = new LinkedHashMap<>();
        for (int trial = 0; trial < TRIALS; trial++) {
            Ceilings measured = Calibration.measure(bf16);
            rates.merge("BF16", measured.bf16(), Math::max);
            rates.merge("INT8", measured.int8(), Math::max);
            rates.merge("FP8", measured.fp8(), Math::max);
            rates.merge("F32", measured.f32(), Math::max);
        }
        return rates;
    }

    @Override
    public void close() {
        bf16.close();
        f32.close();
        int8Attention.close();
    }
}
