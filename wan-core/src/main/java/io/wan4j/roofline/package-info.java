/** The least time that work can take on a device, from its ceilings of arithmetic and memory. */
@NullMarked
package io.wan4j.roofline;

import org.jspecify.annotations.NullMarked;
