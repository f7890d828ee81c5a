package io.wan4j.model.vae;

/** Channels that go into a layer and come out of it. */
record Widths(int in, int out) {
    static Widths same(int channels) {
        return new Widths(channels, channels);
    }

    boolean equal() {
        return in == out;
    }
}
