package io.wan4j.testkit.ptx;

/** State spaces of PTX; {@code GENERIC} stands for an access that names none. */
enum StateSpace {
    GENERIC,
    GLOBAL,
    SHARED,
    LOCAL,
    CONST,
    PARAM
}
