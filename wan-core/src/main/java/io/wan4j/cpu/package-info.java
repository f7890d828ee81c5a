/** The reference backend: readable kernels in plain Java, the oracle of all others; and host memory. */
@NullMarked
package io.wan4j.cpu;

import org.jspecify.annotations.NullMarked;
