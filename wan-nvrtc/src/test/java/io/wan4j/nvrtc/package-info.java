/** Tests of the kernel build. */
@NullMarked
package io.wan4j.nvrtc;

import org.jspecify.annotations.NullMarked;
