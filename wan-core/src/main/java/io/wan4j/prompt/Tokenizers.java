package io.wan4j.prompt;

import io.wan4j.error.CheckpointException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Opens tokenizer files. Files are untrusted: they are checked before native code sees them.
 *
 * <p>The native libraries (Hugging Face tokenizers, SentencePiece) come inside DJL's jars. DJL copies the one in use to
 * {@code ~/.djl.ai} (or the folder in {@code DJL_CACHE_DIR}) when it is first needed, and reads nothing from the
 * network: so that this holds on machines with a GPU and in clouds too, the first opening sets the system properties
 * {@code OPT_OUT_TRACKING=true} and {@code RUST_FLAVOR=cpu}, unless they are set already.
 */
public final class Tokenizers {
    private static final List<String> FOLDERS = List.of("google/umt5-xxl", "tokenizer", "");
    private static final String JSON = "tokenizer.json";
    private static final String SENTENCE_PIECE = "spiece.model";
    private static final long MAX_BYTES = 64L << 20;

    private Tokenizers() {}

    /**
     * Opens the tokenizer of a model folder: {@code tokenizer.json}, else {@code spiece.model}, in
     * {@code google/umt5-xxl/}, {@code tokenizer/} or the folder itself.
     *
     * @throws CheckpointException if there is none, or it is damaged or no umT5 tokenizer
     * @throws io.wan4j.error.UnsupportedException if the native library does not load on this machine
     * @throws UncheckedIOException if it cannot be read
     */
    public static Tokenizer find(Path modelFolder) {
        for (String folder : FOLDERS) {
            for (String name : List.of(JSON, SENTENCE_PIECE)) {
                Path file = modelFolder.resolve(folder).resolve(name);
                if (Files.isRegularFile(file)) {
                    return open(file);
                }
            }
        }
        throw new CheckpointException("tokenizer of " + modelFolder + ": expected " + JSON + " or " + SENTENCE_PIECE
                + " in google/umt5-xxl/, tokenizer/ or the folder itself, got neither;"
                + " copy the folder google/umt5-xxl/ of the Wan2.1 release there");
    }

    /**
     * Opens one file: {@code *.json} as Hugging Face's format, anything else as a SentencePiece model.
     *
     * @throws CheckpointException if it is damaged or no umT5 tokenizer
     * @throws io.wan4j.error.UnsupportedException if the native library does not load on this machine
     * @throws UncheckedIOException if it cannot be read
     */
    public static Tokenizer open(Path file) {
        byte[] bytes;
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw new CheckpointException(file + ": expected a tokenizer of at most " + MAX_BYTES + " bytes, got "
                        + size + "; is this another file?");
            }
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot read the tokenizer", e);
        }
        return file.toString().endsWith(".json")
                ? JsonTokenizer.open(bytes, file.toString())
                : sentencePiece(bytes, file.toString());
    }

    /**
     * A SentencePiece model from memory; some checkpoints carry it as a tensor of bytes.
     *
     * @param where names the source in messages
     * @throws CheckpointException if it is damaged or no umT5 tokenizer
     * @throws io.wan4j.error.UnsupportedException if the native library does not load on this machine
     */
    public static Tokenizer sentencePiece(byte[] model, String where) {
        return SentencePieceTokenizer.open(model, where);
    }
}
