package io.wan4j.quant;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
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

    /** Goes on with a journal if it belongs to the same conversion, else begins a new one. */
    static Journal open(Path path, String identity) {
        try {
            Map<String, Entry> entries = read(path, identity);
            FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            Journal journal = new Journal(channel, entries);
            channel.truncate(0);
            journal.line(identity);
            for (Entry entry : entries.values()) {
                journal.line(JSON.writeValueAsString(entry));
            }
            return journal;
        } catch (IOException e) {
            throw new UncheckedIOException(path + ": cannot be opened", e);
        }
    }

    private static Map<String, Entry> read(Path path, String identity) throws IOException {
        Map<String, Entry> entries = new LinkedHashMap<>();
        if (!Files.isRegularFile(path)) {
            return entries;
        }
        List<String> lines = new ArrayList<>(Files.readAllLines(path));
        if (lines.isEmpty() || !lines.get(0).equals(identity)) {
            return entries;
        }
        for (String line : lines.subList(1, lines.size())) {
            try {
                Entry entry = JSON.readValue(line, Entry.class);
                entries.put(entry.file() + "/" + entry.tensor(), entry);
            } catch (JsonProcessingException cutOff) {
                break;
            }
        }
        return entries;
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
