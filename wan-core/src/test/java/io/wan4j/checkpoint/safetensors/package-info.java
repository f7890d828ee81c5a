/** Tests of the safetensors format. */
@NullMarked
package io.wan4j.checkpoint.safetensors;

import org.jspecify.annotations.NullMarked;
