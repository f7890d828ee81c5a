/** The umT5 text encoder. */
@NullMarked
package io.wan4j.model.text;

import org.jspecify.annotations.NullMarked;
