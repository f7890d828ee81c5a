/** From dense weights to 8-bit codes with scales, by the rules of the reference's converter, and back. */
@NullMarked
package io.wan4j.checkpoint.quantise;

import org.jspecify.annotations.NullMarked;
