package io.wan4j.pipeline;

import io.wan4j.media.VideoSize;
import java.util.Optional;

/**
 * What denoising works from.
 *
 * @param text rows of the prompt, [n, textDim]
 * @param negative rows of the negative prompt; present where guidance is used
 * @param guidance strength of guidance
 * @param image rows of the picture, [257, imageDim]
 * @param condition mask and latent of the picture, [20, T, H, W]
 * @param size size of the video
 * @param latentFrames T
 */
public record DenoisingJob(
        float[] text,
        Optional<float[]> negative,
        double guidance,
        float[] image,
        float[] condition,
        VideoSize size,
        int latentFrames) {}
