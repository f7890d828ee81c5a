/** How a device is chosen. */
@NullMarked
package io.wan4j.spi;

import org.jspecify.annotations.NullMarked;
