/** Measures what 8-bit formats lose. */
@NullMarked
package io.wan4j.cli.quality;

import org.jspecify.annotations.NullMarked;
