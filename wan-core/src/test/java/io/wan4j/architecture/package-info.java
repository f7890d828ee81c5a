/** Tests of the arrows between packages. */
@NullMarked
package io.wan4j.architecture;

import org.jspecify.annotations.NullMarked;
