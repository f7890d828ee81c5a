package io.wan4j.cuda;

import io.wan4j.cuda.driver.ComputeCapability;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What can be chosen about the kernels of the CUDA backend.
 *
 * @param libraries when products, attention and convolutions go to NVIDIA's libraries
 * @param fp8Sums how products of E4M3 codes are summed
 * @param products which of our kernels multiply, where an architecture has several
 */
public record CudaSettings(Libraries libraries, Fp8Sums fp8Sums, ProductKernels products) {
    /** System property: {@code off}, {@code measured} (the default) or {@code on}. */
    public static final String LIBRARIES = "wan.cuda.libraries";

    /** System property: {@code f32} (the default) or {@code f16}. */
    public static final String FP8_SUMS = "wan.cuda.fp8Sums";

    /** Own kernels but where a measurement says otherwise; sums in F32. */
    public static final CudaSettings DEFAULT = new CudaSettings(Libraries.MEASURED, Fp8Sums.F32, ProductKernels.AUTO);

    /** When cuBLASLt and cuDNN are used, where the user's system has them. */
    public enum Libraries {
        /** Never; they are not looked for either. */
        OFF,
        /** Where a measurement that comes with this jar shows them faster on the device's architecture. */
        MEASURED,
        /** Wherever they can compute what is asked. */
        ON
    }

    /** The format of the sums in products of E4M3 codes. */
    public enum Fp8Sums {
        /** F32 throughout. */
        F32,
        /** F16 over 64 products, then F32; on compute capability 8.9 and from 12.0 on. */
        F16
    }

    /**
     * What the system properties say.
     *
     * @throws IllegalArgumentException if one has an unknown value
     */
    public static CudaSettings ofSystemProperties() {
        return of(System::getProperty);
    }

    /** What these properties say; a property without a value gives the default. */
    static CudaSettings of(UnaryOperator<String> properties) {
        return new CudaSettings(
                choice(properties, LIBRARIES, DEFAULT.libraries),
                choice(properties, FP8_SUMS, DEFAULT.fp8Sums),
                choice(properties, ProductKernels.PROPERTY, DEFAULT.products));
    }

    private static <E extends Enum<E>> E choice(UnaryOperator<String> properties, String property, E unset) {
        E[] all = unset.getDeclaringClass().getEnumConstants();
        return Optional.ofNullable(properties.apply(property))
                .map(text -> Arrays.stream(all)
                        .filter(value -> value.name().equals(text.toUpperCase(Locale.ROOT)))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException(property + ": expected "
                                + Arrays.stream(all)
                                        .map(value -> value.name().toLowerCase(Locale.ROOT))
                                        .collect(Collectors.joining(", "))
                                + ", got " + text)))
                .orElse(unset);
    }

    /** These settings with another use of libraries. */
    public CudaSettings withLibraries(Libraries chosen) {
        return new CudaSettings(chosen, fp8Sums, products);
    }

    /** These settings with other sums. */
    public CudaSettings withFp8Sums(Fp8Sums chosen) {
        return new CudaSettings(libraries, chosen, products);
    }

    /** These settings with other kernels for products. */
    public CudaSettings withProducts(ProductKernels chosen) {
        return new CudaSettings(libraries, fp8Sums, chosen);
    }

    /** What may change results on such a device, in words; empty for the defaults. */
    String choices(boolean quantisedAttention, ComputeCapability capability) {
        return Stream.of(
                        quantisedAttention ? "8-bit attention" : "",
                        fp8Sums == Fp8Sums.F16 && HalfSums.isFor(capability) ? "F16 sums" : "",
                        libraries == Libraries.ON ? "libraries" : "")
                .filter(choice -> !choice.isEmpty())
                .collect(Collectors.joining(", "));
    }
}
