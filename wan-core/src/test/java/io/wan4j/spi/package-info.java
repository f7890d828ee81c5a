/** How a device is chosen, and how one lets another do its work. */
@NullMarked
package io.wan4j.spi;

import org.jspecify.annotations.NullMarked;
