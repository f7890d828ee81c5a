/** Checks and measures a device: contract, golden vectors, kernels against ceilings and peers, whole steps and videos. */
@NullMarked
package io.wan4j.gpucheck;

import org.jspecify.annotations.NullMarked;
