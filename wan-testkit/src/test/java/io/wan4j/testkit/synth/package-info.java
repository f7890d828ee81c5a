/** Tests of synthetic models. */
@NullMarked
package io.wan4j.testkit.synth;

import org.jspecify.annotations.NullMarked;
