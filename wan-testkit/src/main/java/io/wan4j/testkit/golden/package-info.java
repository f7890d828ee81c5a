/** Golden vectors made with the reference implementation: reading them, and running a device against them. */
@NullMarked
package io.wan4j.testkit.golden;

import org.jspecify.annotations.NullMarked;
