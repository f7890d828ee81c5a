/** The embedding program and the README's program. */
@NullMarked
package io.wan4j.examples.embed;

import org.jspecify.annotations.NullMarked;
