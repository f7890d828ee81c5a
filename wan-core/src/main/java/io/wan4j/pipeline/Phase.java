package io.wan4j.pipeline;

/** The parts of a generation, in order. */
public enum Phase {
    /** The prompt becomes rows of text. */
    TEXT_ENCODING("text encoding"),
    /** The picture becomes rows of the image encoder. */
    IMAGE_ENCODING("image encoding"),
    /** The picture becomes the latent that the video starts from. */
    LATENT_ENCODING("latent encoding"),
    /** Noise becomes the video's latent, step by step. */
    DENOISING("denoising"),
    /** The latent becomes frames. */
    DECODING("decoding");

    private final String label;

    Phase(String label) {
        this.label = label;
    }

    /** Plain words. */
    public String label() {
        return label;
    }
}
