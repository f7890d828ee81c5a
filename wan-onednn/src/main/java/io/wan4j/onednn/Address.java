package io.wan4j.onednn;

import org.bytedeco.javacpp.Pointer;

/** A pointer that can be set to any address, for handing memory to native calls without allocating. */
final class Address extends Pointer {
    /** Points here now; owns nothing. */
    Address at(long target) {
        address = target;
        return this;
    }

    /** Where a pointer points. */
    static long of(Pointer pointer) {
        return pointer.address();
    }
}
