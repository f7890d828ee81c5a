/** Tests of the bounds. */
@NullMarked
package io.wan4j.roofline;

import org.jspecify.annotations.NullMarked;
