/** The pipeline as a user sees it, on a tiny model. */
@NullMarked
package io.wan4j.testkit.front;

import org.jspecify.annotations.NullMarked;
