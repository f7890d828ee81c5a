/** Tests of the oneDNN backend. */
@NullMarked
package io.wan4j.onednn;

import org.jspecify.annotations.NullMarked;
