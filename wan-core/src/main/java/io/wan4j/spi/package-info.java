/** All that a backend implements: device, memory, kernels; found by {@link java.util.ServiceLoader}. */
@NullMarked
package io.wan4j.spi;

import org.jspecify.annotations.NullMarked;
