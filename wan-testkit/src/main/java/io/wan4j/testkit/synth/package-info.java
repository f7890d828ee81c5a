/** Checkpoints with random weights in the shapes of real ones: for demonstrations, tests of loading, and measurements. */
@NullMarked
package io.wan4j.testkit.synth;

import org.jspecify.annotations.NullMarked;
