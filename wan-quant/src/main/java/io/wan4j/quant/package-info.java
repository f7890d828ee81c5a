/** Converts checkpoints between layouts and formats, and reports what they lose. */
@NullMarked
package io.wan4j.quant;

import org.jspecify.annotations.NullMarked;
