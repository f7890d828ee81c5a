/** The diffusion transformer of Wan2.1 image-to-video: patches of a noisy latent in, velocity out. */
@NullMarked
package io.wan4j.model.dit;

import org.jspecify.annotations.NullMarked;
