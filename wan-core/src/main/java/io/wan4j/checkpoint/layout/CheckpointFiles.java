package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.MappedFile;
import io.wan4j.checkpoint.TensorFiles;
import io.wan4j.checkpoint.gguf.GgufFile;
import io.wan4j.checkpoint.pickle.TorchFile;
import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import io.wan4j.checkpoint.safetensors.ShardedSafetensors;
import io.wan4j.error.CheckpointException;
import java.nio.file.Path;

/** Opens a checkpoint file of any known kind; the first bytes decide, not the name. */
public final class CheckpointFiles {
    private CheckpointFiles() {}

    /**
     * Opens a safetensors file, the JSON index of a sharded one, a torch state dict, or a GGUF file.
     *
     * @throws CheckpointException if it is none of these, or damaged
     */
    public static TensorFiles open(Path path) {
        byte[] head;
        try (MappedFile file = MappedFile.open(path)) {
            head = file.read(0, (int) Math.min(16, file.size()));
        }
        if (head.length > 4 && head[0] == 'G' && head[1] == 'G' && head[2] == 'U' && head[3] == 'F') {
            return GgufFile.open(path);
        }
        if (head.length > 8 && head[8] == '{') {
            return SafetensorsFile.open(path);
        }
        if (head.length > 4 && (head[0] == 'P' && head[1] == 'K' || (head[0] & 0xFF) == 0x80)) {
            return TorchFile.open(path);
        }
        if (head.length > 0 && head[0] == '{') {
            return ShardedSafetensors.open(path);
        }
        throw new CheckpointException(
                path
                        + ": expected a safetensors file, its index, a .pth state dict or a GGUF file, got something else; is the download complete?");
    }
}
