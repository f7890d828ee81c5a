/** Tests of the GGUF format. */
@NullMarked
package io.wan4j.checkpoint.gguf;

import org.jspecify.annotations.NullMarked;
