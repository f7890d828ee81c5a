/** Tests of layouts. */
@NullMarked
package io.wan4j.checkpoint.layout;

import org.jspecify.annotations.NullMarked;
