package io.wan4j.model.vae;

import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.WeightSource;
import java.util.List;

/**
 * Sizes of a Wan VAE.
 *
 * @param dim channels at full resolution
 * @param latentChannels channels of a latent
 * @param multipliers channels of each resolution level, in units of {@code dim}; a level halves rows and columns
 * @param residualBlocks residual blocks of an encoder level; a decoder level has one more
 * @param timeDownsample for each step from a level to the next, whether it halves the frames too
 */
public record VaeConfig(
        int dim, int latentChannels, List<Integer> multipliers, int residualBlocks, List<Boolean> timeDownsample) {
    /** Channels of a picture. */
    public static final int PICTURE_CHANNELS = 3;

    /** Checks the sizes. */
    public VaeConfig {
        multipliers = List.copyOf(multipliers);
        timeDownsample = List.copyOf(timeDownsample);
        if (dim < 1 || latentChannels < 1 || residualBlocks < 1 || multipliers.isEmpty()) {
            throw new IllegalArgumentException("VAE: expected positive sizes, got dim " + dim + ", latentChannels "
                    + latentChannels + ", residualBlocks " + residualBlocks + ", multipliers " + multipliers);
        }
        if (timeDownsample.size() != multipliers.size() - 1) {
            throw new IllegalArgumentException("VAE: expected " + (multipliers.size() - 1)
                    + " temporal flags, one between two levels, got " + timeDownsample);
        }
    }

    /** The published VAE of Wan2.1. */
    public static VaeConfig wan21() {
        return wan21(96);
    }

    private static VaeConfig wan21(int dim) {
        return new VaeConfig(dim, 16, List.of(1, 2, 4, 4), 2, List.of(false, true, true));
    }

    /**
     * The architecture of Wan2.1 with the width that the checkpoint's shapes show.
     *
     * @throws CheckpointException if the checkpoint has no {@code encoder.conv1.weight} of a plausible shape
     */
    public static VaeConfig infer(WeightSource source) {
        String name = "encoder.conv1.weight";
        StoredTensor first = source.find(name)
                .orElseThrow(
                        () -> new CheckpointException(name + ": expected [dim,3,3,3,3], but there is no such tensor in "
                                + source.location() + "; is this a Wan2.1 VAE?"));
        Shape shape = first.shape();
        if (shape.rank() != 5 || shape.dim(0) < 1 || shape.dim(0) > 1 << 16) {
            throw new CheckpointException(name + ": expected [dim,3,3,3,3], got " + shape + " in " + first.location());
        }
        return wan21((int) shape.dim(0));
    }

    /** Channels of a level, 0 being full resolution. */
    int width(int level) {
        return dim * multipliers.get(level);
    }

    int levels() {
        return multipliers.size();
    }

    /** Pixels of a picture along one side of a latent pixel: 8. */
    public int spaceFactor() {
        return 1 << timeDownsample.size();
    }

    /** Frames that one latent frame after the first stands for: 4. */
    public int timeFactor() {
        return 1 << (int) timeDownsample.stream().filter(halved -> halved).count();
    }

    /** Latent frames of so many frames; up to {@code timeFactor() - 1} frames at the end are not seen by the encoder. */
    public int latentFrames(int frames) {
        return (frames - 1) / timeFactor() + 1;
    }

    /** Frames that so many latent frames decode to. */
    public int frames(int latentFrames) {
        return (latentFrames - 1) * timeFactor() + 1;
    }
}
