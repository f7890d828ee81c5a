package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.error.CheckpointException;
import java.util.Map;

/**
 * Which of the Wan transformers a checkpoint holds, read from its shapes. 480P and 720P releases have the same shapes.
 *
 * @param family what it does
 * @param width model dimension
 * @param layers number of blocks
 * @param inChannels channels of the patch embedding: 16 latent, 36 with mask and conditioning picture
 */
public record TransformerKind(Family family, long width, int layers, long inChannels) {

    /** What a transformer was trained for. */
    public enum Family {
        /** Picture and sentence to video, Wan2.1: the one this library runs. */
        IMAGE_TO_VIDEO("image-to-video"),
        /** Sentence to video. */
        TEXT_TO_VIDEO("text-to-video"),
        /** First and last frame to video. */
        FIRST_LAST_FRAME("first-last-frame-to-video"),
        /** Wan2.2's picture to video, which has no image cross-attention. */
        IMAGE_TO_VIDEO_2_2("Wan2.2 image-to-video"),
        /** VACE editing. */
        VACE("VACE"),
        /** None of these. */
        OTHER("of an unknown kind");

        private final String title;

        Family(String title) {
            this.title = title;
        }

        /** What to call it in a message. */
        public String title() {
            return title;
        }
    }

    /** Reads the kind from tensors with canonical names. */
    static TransformerKind of(Map<String, CheckpointTensor> tensors) {
        CheckpointTensor patch = tensors.get("patch_embedding.weight");
        if (patch == null || patch.shape().rank() < 2) {
            throw new CheckpointException("patch_embedding.weight: expected [width,channels,1,2,2], got "
                    + (patch == null ? "nothing" : patch));
        }
        int layers = 0;
        while (tensors.containsKey("blocks." + layers + ".self_attn.q.weight")) {
            layers++;
        }
        long channels = patch.shape().dim(1);
        return new TransformerKind(family(tensors, channels), patch.shape().dim(0), layers, channels);
    }

    private static Family family(Map<String, CheckpointTensor> tensors, long channels) {
        if (tensors.keySet().stream().anyMatch(name -> name.startsWith("vace_"))) {
            return Family.VACE;
        }
        if (tensors.containsKey("img_emb.emb_pos")) {
            return Family.FIRST_LAST_FRAME;
        }
        boolean attendsToImage = tensors.containsKey("blocks.0.cross_attn.k_img.weight");
        if (attendsToImage) {
            return Family.IMAGE_TO_VIDEO;
        }
        if (channels == 16) {
            return Family.TEXT_TO_VIDEO;
        }
        return channels == 36 ? Family.IMAGE_TO_VIDEO_2_2 : Family.OTHER;
    }

    /** For example {@code image-to-video 14B (width 5120, 40 blocks)}. */
    public String describe() {
        String size = width == 5120 && layers == 40 ? " 14B" : width == 1536 && layers == 30 ? " 1.3B" : "";
        return family.title() + size + " (width " + width + ", " + layers + " blocks, " + inChannels
                + " input channels)";
    }

    /**
     * Refuses everything but Wan2.1 image-to-video.
     *
     * @throws CheckpointException naming what it is
     */
    void requireImageToVideo(String location) {
        if (family != Family.IMAGE_TO_VIDEO) {
            throw new CheckpointException(location + ": expected a Wan2.1 image-to-video transformer, got " + describe()
                    + "; download Wan2.1-I2V-14B-480P or a distilled version of it");
        }
    }
}
