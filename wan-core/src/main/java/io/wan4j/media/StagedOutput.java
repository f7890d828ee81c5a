package io.wan4j.media;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A file or folder that is written under a hidden name beside its target and renamed when whole. Closing without
 * {@link #commit} removes what was written.
 */
final class StagedOutput implements Closeable {
    /** Names of frames in a folder: only a folder of these alone is ever replaced. */
    static final Pattern FRAME_NAME = Pattern.compile("frame_\\d{5,}\\.png");

    private final Path target;
    private final Path temporary;
    private final Overwrite overwrite;
    private final boolean folder;
    private boolean committed;

    private StagedOutput(Path target, Overwrite overwrite, boolean folder) throws IOException {
        Path absolute = target.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new IllegalArgumentException(
                    target + ": expected a name in an existing folder, got no folder " + parent + "; create it first");
        }
        this.target = absolute;
        this.overwrite = overwrite;
        this.folder = folder;
        checkTarget();
        String suffix = Long.toHexString(ThreadLocalRandom.current().nextLong());
        this.temporary = parent.resolve("." + absolute.getFileName() + "." + suffix + ".part");
        if (folder) {
            Files.createDirectory(temporary);
        } else {
            Files.createFile(temporary);
        }
    }

    static StagedOutput file(Path target, Overwrite overwrite) throws IOException {
        return new StagedOutput(target, overwrite, false);
    }

    static StagedOutput folder(Path target, Overwrite overwrite) throws IOException {
        return new StagedOutput(target, overwrite, true);
    }

    /** Where to write meanwhile. */
    Path temporary() {
        return temporary;
    }

    private void checkTarget() throws IOException {
        if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS) || isEmptyFolder()) {
            return;
        }
        if (overwrite == Overwrite.REFUSE) {
            throw new IllegalArgumentException(target + ": expected nothing there, got an existing "
                    + (Files.isDirectory(target) ? "folder" : "file") + "; choose another name or allow to replace it");
        }
        if (folder != Files.isDirectory(target)) {
            throw new IllegalArgumentException(target + ": expected a " + (folder ? "folder" : "file")
                    + " to replace, got a " + (folder ? "file" : "folder") + "; choose another name");
        }
        if (folder) {
            checkHoldsFramesOnly();
        }
    }

    private boolean isEmptyFolder() throws IOException {
        if (!folder || !Files.isDirectory(target)) {
            return false;
        }
        try (Stream<Path> entries = Files.list(target)) {
            return entries.findAny().isEmpty();
        }
    }

    /** A whole folder is not deleted on the strength of its name alone. */
    private void checkHoldsFramesOnly() throws IOException {
        try (Stream<Path> entries = Files.list(target)) {
            entries.filter(entry -> !Files.isRegularFile(entry)
                            || !FRAME_NAME
                                    .matcher(entry.getFileName().toString())
                                    .matches())
                    .findAny()
                    .ifPresent(entry -> {
                        throw new IllegalArgumentException(target
                                + ": expected a folder that holds nothing but frames, got also " + entry.getFileName()
                                + "; choose another name");
                    });
        }
    }

    /** Gives the output its name. */
    void commit() throws IOException {
        checkTarget();
        if (folder && Files.isDirectory(target)) {
            replaceFolder();
        } else {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        }
        committed = true;
    }

    private void replaceFolder() throws IOException {
        Path old = temporary.resolveSibling(temporary.getFileName() + ".old");
        Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
            throw e;
        }
        delete(old);
    }

    @Override
    public void close() throws IOException {
        if (!committed) {
            delete(temporary);
        }
    }

    /** Folders made here are one level deep. */
    private static void delete(Path path) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            List<Path> entries;
            try (Stream<Path> stream = Files.list(path)) {
                entries = stream.toList();
            }
            for (Path entry : entries) {
                Files.deleteIfExists(entry);
            }
        }
        Files.deleteIfExists(path);
    }
}
