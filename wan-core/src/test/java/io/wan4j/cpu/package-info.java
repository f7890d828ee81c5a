/** Tests of the reference backend that are not in the kernel contract. */
@NullMarked
package io.wan4j.cpu;

import org.jspecify.annotations.NullMarked;
