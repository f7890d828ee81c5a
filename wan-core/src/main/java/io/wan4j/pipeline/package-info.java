/** The phases of a generation as functions between host arrays, and the networks that they run. */
@NullMarked
package io.wan4j.pipeline;

import org.jspecify.annotations.NullMarked;
