package io.wan4j;

import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.spi.Device;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How a generation is run, beside what it makes.
 *
 * @param listener told at every block
 * @param cancellation stops it
 * @param state folder that keeps what is finished, so that the same call goes on after a crash with bit-equal frames;
 *     none if empty. A folder of another request, model or device is refused. Its files stay when the video is done: the
 *     same call then only decodes again; remove the folder to start over
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

    /** Opens the folder for this request, if there is to be one; the caller closes it. */
    StageStore store(ImageToVideo request, ModelFiles model, TransformerWeights weights, Device device) {
        return state.isEmpty()
                ? StageStore.NONE
                : DirectoryStore.open(state.get(), Fingerprint.of(request, model, weights, device));
    }
}
