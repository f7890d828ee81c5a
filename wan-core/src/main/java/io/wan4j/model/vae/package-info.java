/**
 * The causal video VAE of Wan2.1: pictures to latents and back, frame by frame, in constant memory.
 *
 * <p>Frames are [T, H, W, C]. What layers pass on, and what residual blocks add to, has the residual format; operands of
 * convolutions, and so the caches, have the compute format.
 */
@NullMarked
package io.wan4j.model.vae;

import org.jspecify.annotations.NullMarked;
