/** The noise of a seed against golden vectors. */
@NullMarked
package io.wan4j.random;

import org.jspecify.annotations.NullMarked;
