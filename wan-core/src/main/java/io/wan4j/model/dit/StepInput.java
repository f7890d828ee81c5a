package io.wan4j.model.dit;

import io.wan4j.tensor.Tensor;

/**
 * One evaluation of the transformer.
 *
 * @param latent noisy latent, F32 [16, T, H, W]
 * @param condition mask and latent of the picture, F32 [20, T, H, W]
 * @param timestep 0 to 1000, may be fractional
 * @param conditioning prompt and picture
 */
public record StepInput(Tensor latent, Tensor condition, double timestep, Conditioning conditioning) {}
