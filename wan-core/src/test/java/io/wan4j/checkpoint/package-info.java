/** Tests of checkpoint files. */
@NullMarked
package io.wan4j.checkpoint;

import org.jspecify.annotations.NullMarked;
