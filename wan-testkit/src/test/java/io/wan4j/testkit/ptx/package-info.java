/** Tests of the simulator: expected values come from the PTX document, not from kernels. */
@NullMarked
package io.wan4j.testkit.ptx;

import org.jspecify.annotations.NullMarked;
