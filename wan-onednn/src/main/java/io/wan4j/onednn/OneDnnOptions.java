package io.wan4j.onednn;

import io.wan4j.spi.DeviceOptions;
import java.util.Locale;

/**
 * Choices between speed, memory and exactness.
 *
 * @param fp8 what becomes of weights in F8_E4M3
 * @param attention in which format q k^T is computed where activations are BF16
 */
public record OneDnnOptions(Fp8 fp8, Attention attention) {
    /** What becomes of weights in F8_E4M3, which CPUs cannot multiply. */
    public enum Fp8 {
        /** Codes are kept and decoded to BF16 for every product: exact, 1 byte a weight, BF16 speed. */
        DECODE,
        /** Rows are quantised again to INT8 when they are loaded: INT8 speed, a little more error. */
        INT8
    }

    /** Format of the product q k^T. */
    public enum Attention {
        /** BF16. */
        BF16,
        /** INT8 with one scale for each row of q and k, after the mean of k was taken away. */
        INT8
    }

    private static final String ATTENTION = "wan.onednn.attention";

    /** Exact products. */
    public static final OneDnnOptions DEFAULT = new OneDnnOptions(Fp8.DECODE, Attention.BF16);

    /** From the system properties {@code wan.onednn.fp8} (decode, int8) and {@code wan.onednn.attention} (bf16, int8). */
    public static OneDnnOptions fromSystemProperties() {
        return new OneDnnOptions(
                property("wan.onednn.fp8", Fp8.class, DEFAULT.fp8),
                property(ATTENTION, Attention.class, DEFAULT.attention));
    }

    /** These choices with INT8 attention if the device's options allow 8 bits, unless the system property is set. */
    OneDnnOptions with(DeviceOptions options) {
        boolean int8 = options.quantisedAttention() && System.getProperty(ATTENTION) == null;
        return int8 ? new OneDnnOptions(fp8, Attention.INT8) : this;
    }

    private static <E extends Enum<E>> E property(String name, Class<E> type, E otherwise) {
        String value = System.getProperty(name);
        if (value == null) {
            return otherwise;
        }
        for (E choice : type.getEnumConstants()) {
            if (choice.name().equals(value.toUpperCase(Locale.ROOT))) {
                return choice;
            }
        }
        throw new IllegalArgumentException(
                name + ": expected one of " + java.util.Arrays.toString(type.getEnumConstants()) + ", got " + value);
    }
}
