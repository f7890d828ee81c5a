/** Tests of state dicts in pickles. */
@NullMarked
package io.wan4j.checkpoint.pickle;

import org.jspecify.annotations.NullMarked;
