/** What proves a backend or a model right: the kernel contract, golden vectors, and the error model behind tolerances. */
@NullMarked
package io.wan4j.testkit;

import org.jspecify.annotations.NullMarked;
