/** Tests of formats and shapes. */
@NullMarked
package io.wan4j.tensor;

import org.jspecify.annotations.NullMarked;
