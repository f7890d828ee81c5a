/** Tests of the front door. */
@NullMarked
package io.wan4j;

import org.jspecify.annotations.NullMarked;
