/** Pictures and videos against golden vectors and their own rules. */
@NullMarked
package io.wan4j.media;

import org.jspecify.annotations.NullMarked;
