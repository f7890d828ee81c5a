package io.wan4j.quant;

/** Told how far a conversion is. */
@FunctionalInterface
public interface ConversionListener {
    /** Listens to nothing. */
    ConversionListener NONE = (what, done, total) -> {};

    /** {@code done} of {@code total} bytes are written, or read back; {@code what} says at which tensor. */
    void at(String what, long done, long total);
}
