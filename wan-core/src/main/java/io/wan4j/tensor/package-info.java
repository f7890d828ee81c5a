/** Shapes, formats, tensor handles and weights; no arithmetic. */
@NullMarked
package io.wan4j.tensor;

import org.jspecify.annotations.NullMarked;
