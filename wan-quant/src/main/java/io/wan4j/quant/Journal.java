package io.wan4j.quant;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What of a conversion is written, a line of JSON for each tensor after the first line, which says what the conversion
 * is. A line that was cut off by a crash ends the reading.
 */
final class Journal implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final FileChannel channel;
    private final Map<String, Entry> entries;

    private Journal(FileChannel channel, Map<String, Entry> entries) {
        this.channel = channel;
        this.entries = entries;
    }

    /**
     * A finished tensor.
     *
     * @param file in which file
     * @param tensor its name there
     * @param checksum CRC-32C of its bytes
     */
    record Entry(String file, String tensor, long checksum, List<TensorError> errors) {}

    /** Whether there is a journal of this conversion. */
    static boolean belongs(Path path, String identity) {
        try {
            return lines(path).stream().findFirst().filter(identity::equals).isPresent();
        } catch (IOException e) {
            throw new UncheckedIOException(path + ": cannot be read", e);
        }
    }

    /** Goes on with a journal if it belongs to the same conversion, else begins a new one. */
    static Journal open(Path path, String identity) {
        try {
            Map<String, Entry> entries = new LinkedHashMap<>();
            List<String> lines = lines(path);
            boolean known = !lines.isEmpty() && lines.get(0).equals(identity);
            long kept = known ? length(identity) : 0;
            for (String line : known ? lines.subList(1, lines.size()) : List.<String>of()) {
                Entry entry = JSON.readValue(line, Entry.class);
                entries.put(entry.file() + "/" + entry.tensor(), entry);
                kept += length(line);
            }
            FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            Journal journal = new Journal(channel, entries);
            channel.truncate(kept).position(kept);
            if (!known) {
                journal.line(identity);
            }
            return journal;
        } catch (IOException e) {
            throw new UncheckedIOException(path + ": cannot be opened", e);
        }
    }

    /** Whole lines; one that was cut off by a crash is none. */
    private static List<String> lines(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            return List.of();
        }
        String text = new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    private static long length(String line) {
        return line.getBytes(StandardCharsets.UTF_8).length + 1L;
    }

    /** All finished tensors of a file. */
    Map<String, Entry> of(String file) {
        Map<String, Entry> found = new LinkedHashMap<>();
        entries.values().stream()
                .filter(entry -> entry.file().equals(file))
                .forEach(entry -> found.put(entry.tensor(), entry));
        return found;
    }

    /** Everything that is finished. */
    List<Entry> all() {
        return List.copyOf(entries.values());
    }

    void add(Entry entry) {
        try {
            line(JSON.writeValueAsString(entry));
            entries.put(entry.file() + "/" + entry.tensor(), entry);
        } catch (IOException e) {
            throw new UncheckedIOException("the conversion's journal cannot be written; is the disk full?", e);
        }
    }

    private void line(String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the conversion's journal cannot be closed", e);
        }
    }
}
