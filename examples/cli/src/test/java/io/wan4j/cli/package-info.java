/** Tests of the command. */
@NullMarked
package io.wan4j.cli;

import org.jspecify.annotations.NullMarked;
