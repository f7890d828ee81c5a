/** The facade over the kernels: checks shapes once, allocates results from a scope, calls the backend. */
@NullMarked
package io.wan4j.ops;

import org.jspecify.annotations.NullMarked;
