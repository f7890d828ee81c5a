/** Compiles CUDA C++ sources to cubin and PTX with NVRTC, on machines with or without a GPU. */
@NullMarked
package io.wan4j.nvrtc;

import org.jspecify.annotations.NullMarked;
