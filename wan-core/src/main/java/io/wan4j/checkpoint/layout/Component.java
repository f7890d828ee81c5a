package io.wan4j.checkpoint.layout;

/** The four networks of a Wan2.1 image-to-video model. */
public enum Component {
    /** The diffusion transformer (DiT). */
    TRANSFORMER("diffusion transformer"),
    /** The umT5 encoder of the prompt. */
    TEXT_ENCODER("text encoder (umT5)"),
    /** The CLIP vision tower. */
    IMAGE_ENCODER("image encoder (CLIP)"),
    /** The video autoencoder. */
    VAE("video autoencoder (VAE)");

    private final String title;

    Component(String title) {
        this.title = title;
    }

    /** What to call it in a message. */
    public String title() {
        return title;
    }
}
