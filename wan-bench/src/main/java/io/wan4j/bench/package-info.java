/** Measures the backends at Wan's sizes beside other libraries, in one run. */
@NullMarked
package io.wan4j.bench;

import org.jspecify.annotations.NullMarked;
