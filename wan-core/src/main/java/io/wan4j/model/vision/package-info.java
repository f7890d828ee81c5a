/** The CLIP image encoder. */
@NullMarked
package io.wan4j.model.vision;

import org.jspecify.annotations.NullMarked;
