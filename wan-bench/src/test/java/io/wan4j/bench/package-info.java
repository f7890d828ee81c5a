/** Tests of the measuring itself. */
@NullMarked
package io.wan4j.bench;

import org.jspecify.annotations.NullMarked;
