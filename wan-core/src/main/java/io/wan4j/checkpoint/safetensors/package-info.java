/** The safetensors format: reader, shards with their index, and writer. */
@NullMarked
package io.wan4j.checkpoint.safetensors;

import org.jspecify.annotations.NullMarked;
