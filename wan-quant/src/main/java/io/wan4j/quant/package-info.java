/** Converts checkpoints between layouts and formats, and measures what 8-bit formats lose. */
@NullMarked
package io.wan4j.quant;

import org.jspecify.annotations.NullMarked;
