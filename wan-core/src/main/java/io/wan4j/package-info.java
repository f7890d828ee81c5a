/** The front door: a pipeline from a picture and a sentence to a video. */
@NullMarked
package io.wan4j;

import org.jspecify.annotations.NullMarked;
