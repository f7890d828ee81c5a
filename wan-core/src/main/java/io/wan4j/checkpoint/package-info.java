/** Tensors in checkpoint files: mapped memory, stored tensors, and sets of files. */
@NullMarked
package io.wan4j.checkpoint;

import org.jspecify.annotations.NullMarked;
