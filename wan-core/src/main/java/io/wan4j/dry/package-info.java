/** A backend without data: runs any model for its shapes, its peak memory and its work. */
@NullMarked
package io.wan4j.dry;

import org.jspecify.annotations.NullMarked;
