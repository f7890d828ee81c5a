/** What stays on the device. */
@NullMarked
package io.wan4j.model.dit;

import org.jspecify.annotations.NullMarked;
