package io.wan4j.checkpoint.pickle;

import io.wan4j.tensor.Format;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a state dict's pickle can hold. Inert: no value runs anything. None is ever printed, compared or hashed as a
 * whole, because tuples that share parts can stand for exponentially many values.
 */
sealed interface PickleValue {

    /** What to call the value in a message. */
    default String kind() {
        return getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
    }

    /** A string. */
    record Text(String value) implements PickleValue {}

    /** An integer of at most 64 bits. */
    record Int(long value) implements PickleValue {}

    /** A number that no state dict needs, kept so that metadata can be skipped. */
    record Real(double value) implements PickleValue {}

    /** True or false. */
    record Bool(boolean value) implements PickleValue {}

    /** Python's None. */
    enum None implements PickleValue {
        NONE
    }

    /** A tuple. */
    record Tuple(List<PickleValue> items) implements PickleValue {}

    /** A list, filled after it was made. */
    record Items(List<PickleValue> items) implements PickleValue {
        Items() {
            this(new ArrayList<>());
        }
    }

    /** A dict, plain or ordered, filled after it was made. Keys are strings. */
    record Dict(Map<String, PickleValue> entries) implements PickleValue {
        Dict() {
            this(new LinkedHashMap<>());
        }
    }

    /** A storage: the zip entry {@code data/key} with this many elements. */
    record Storage(TorchGlobal type, String key, long count) implements PickleValue {}

    /** A strided view of a storage; {@code offset} and {@code strides} in elements. */
    record View(Storage storage, Format format, long offset, long[] shape, long[] strides) implements PickleValue {}

    /** One of the known classes and functions, as a name only. */
    record Global(TorchGlobal global) implements PickleValue {}
}
