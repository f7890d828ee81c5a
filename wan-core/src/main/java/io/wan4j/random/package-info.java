/** The noise of a seed, as PyTorch draws it on the CPU. */
@NullMarked
package io.wan4j.random;

import org.jspecify.annotations.NullMarked;
