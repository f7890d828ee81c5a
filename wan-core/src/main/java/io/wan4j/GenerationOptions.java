package io.wan4j;

import io.wan4j.checkpoint.layout.ModelFiles;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How a generation is run, beside what it makes.
 *
 * @param listener told at every block
 * @param cancellation stops it
 * @param state folder that keeps what is finished, so that the same call goes on after a crash; none if empty
 */
public record GenerationOptions(ProgressListener listener, Cancellation cancellation, Optional<Path> state) {
    /** Tells nobody, keeps nothing. */
    public static GenerationOptions silent() {
        return listening(ProgressListener.NONE);
    }

    /** Tells a listener, keeps nothing. */
    public static GenerationOptions listening(ProgressListener listener) {
        return new GenerationOptions(listener, new Cancellation(), Optional.empty());
    }

    /** These options with a folder for what is finished. */
    public GenerationOptions resumable(Path folder) {
        return new GenerationOptions(listener, cancellation, Optional.of(folder));
    }

    StageStore store(ImageToVideo request, ModelFiles model) {
        return StageStore.NONE;
    }
}
