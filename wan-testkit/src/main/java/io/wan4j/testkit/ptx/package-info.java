/** A simulator of NVIDIA GPUs that executes PTX on the JVM and checks every memory access. */
@NullMarked
package io.wan4j.testkit.ptx;

import org.jspecify.annotations.NullMarked;
