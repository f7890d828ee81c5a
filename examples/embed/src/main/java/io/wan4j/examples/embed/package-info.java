/** The smallest program that uses the library. */
@NullMarked
package io.wan4j.examples.embed;

import org.jspecify.annotations.NullMarked;
