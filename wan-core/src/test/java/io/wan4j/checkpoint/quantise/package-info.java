/** Tests of quantisation. */
@NullMarked
package io.wan4j.checkpoint.quantise;

import org.jspecify.annotations.NullMarked;
