/** The CUDA backend: kernels of our own, launched through the NVIDIA driver. */
@NullMarked
package io.wan4j.cuda;

import org.jspecify.annotations.NullMarked;
