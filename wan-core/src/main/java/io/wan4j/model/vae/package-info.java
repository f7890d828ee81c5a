/** The causal video VAE of Wan2.1: pictures to latents and back, frame by frame, in constant memory. */
@NullMarked
package io.wan4j.model.vae;

import org.jspecify.annotations.NullMarked;
