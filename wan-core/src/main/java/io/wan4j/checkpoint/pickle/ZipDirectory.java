package io.wan4j.checkpoint.pickle;

import io.wan4j.checkpoint.MappedFile;
import io.wan4j.error.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The central directory of a zip file whose entries are stored, not compressed, so that each is a range of the file.
 * Knows zip64. Refuses compression, encryption, entries that overlap or leave the file, and names that come twice.
 * Source: PKWARE APPNOTE 6.3.
 */
final class ZipDirectory {
    private static final int END = 0x06054b50;
    private static final int END64_LOCATOR = 0x07064b50;
    private static final int END64 = 0x06064b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int LOCAL = 0x04034b50;
    private static final int END_LENGTH = 22;
    private static final int MAX_ENTRIES = 100_000;
    private static final int MAX_BYTES = 32 << 20;
    private static final long UNSIGNED_INT = 0xFFFFFFFFL;

    private final MappedFile file;

    private ZipDirectory(MappedFile file) {
        this.file = file;
    }

    /** The bytes of one entry. */
    record Entry(String name, long local, long offset, long size) {
        long end() {
            return offset + size;
        }
    }

    /** Where the central directory lies. */
    private record Location(long entries, long size, long offset, long end) {}

    /** Reads the directory: entries by name, in the order of the directory. */
    static Map<String, Entry> read(MappedFile file) {
        return new ZipDirectory(file).entries();
    }

    private Map<String, Entry> entries() {
        Location at = locate();
        if (at.offset < 0 || at.size < 0 || at.size > at.end || at.offset > at.end - at.size) {
            throw damaged("a zip directory within the file, got " + at.size + " bytes at " + at.offset);
        }
        if (at.entries < 0 || at.entries > MAX_ENTRIES || at.size > MAX_BYTES) {
            throw damaged("at most " + MAX_ENTRIES + " zip entries, got " + at.entries + " in " + at.size + " bytes");
        }
        ByteBuffer directory = buffer(at.offset, (int) at.size);
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (long i = 0; i < at.entries; i++) {
            Entry entry = entry(directory, at.offset);
            if (entries.put(entry.name, entry) != null) {
                throw damaged("each zip entry once, got two of " + entry.name);
            }
        }
        checkDisjoint(new ArrayList<>(entries.values()));
        return Collections.unmodifiableMap(entries);
    }

    private Location locate() {
        int tail = (int) Math.min(file.size(), END_LENGTH + 0xFFFF);
        long start = file.size() - tail;
        ByteBuffer bytes = buffer(start, tail);
        for (int at = tail - END_LENGTH; at >= 0; at--) {
            if (bytes.getInt(at) == END && at + END_LENGTH + u16(bytes, at + 20) == tail) {
                return location(bytes.slice(at, END_LENGTH).order(ByteOrder.LITTLE_ENDIAN), start + at);
            }
        }
        throw damaged("a zip file's directory at its end, got none; is the download complete?");
    }

    private Location location(ByteBuffer end, long position) {
        long entries = u16(end, 10);
        long size = u32(end, 12);
        long offset = u32(end, 16);
        if (entries != 0xFFFF && size != UNSIGNED_INT && offset != UNSIGNED_INT) {
            return new Location(entries, size, offset, position);
        }
        if (position < 20 + 56) {
            throw damaged("a zip64 directory, got none");
        }
        ByteBuffer locator = buffer(position - 20, 20);
        long end64 = locator.getLong(8);
        if (locator.getInt(0) != END64_LOCATOR || end64 < 0 || end64 > position - 20 - 56) {
            throw damaged("a zip64 directory, got none");
        }
        ByteBuffer record = buffer(end64, 56);
        if (record.getInt(0) != END64) {
            throw damaged("a zip64 directory, got none");
        }
        return new Location(record.getLong(32), record.getLong(40), record.getLong(48), end64);
    }

    private Entry entry(ByteBuffer directory, long directoryOffset) {
        if (directory.remaining() < 46 || directory.getInt(directory.position()) != CENTRAL) {
            throw damaged("as many zip entries as announced, got fewer");
        }
        int at = directory.position();
        int nameLength = u16(directory, at + 28);
        int extraLength = u16(directory, at + 30);
        int length = 46 + nameLength + extraLength + u16(directory, at + 32);
        if (directory.remaining() < length) {
            throw damaged("whole zip entries, got one cut off");
        }
        byte[] name = new byte[nameLength];
        directory.get(at + 46, name);
        String text = new String(name, StandardCharsets.UTF_8);
        long[] sizes = sizes(directory, at, at + 46 + nameLength, extraLength);
        directory.position(at + length);
        checkStored(text, u16(directory, at + 8), u16(directory, at + 10), sizes);
        return located(text, name, sizes[0], sizes[2], directoryOffset);
    }

    /** Uncompressed size, compressed size and offset of the local header; from the zip64 field where 32 bits are full. */
    private static long[] sizes(ByteBuffer directory, int at, int extra, int extraLength) {
        long[] values = {u32(directory, at + 24), u32(directory, at + 20), u32(directory, at + 42)};
        int end = extra + extraLength;
        for (int field = extra; field + 4 <= end; ) {
            int length = u16(directory, field + 2);
            if (u16(directory, field) == 1) {
                int from = field + 4;
                for (int i = 0; i < values.length; i++) {
                    if (values[i] == UNSIGNED_INT && from + 8 <= Math.min(end, field + 4 + length)) {
                        values[i] = directory.getLong(from);
                        from += 8;
                    }
                }
                break;
            }
            field += 4 + length;
        }
        return values;
    }

    private void checkStored(String name, int flags, int method, long[] sizes) {
        if ((flags & 1) != 0 || method != 0 || sizes[0] != sizes[1]) {
            throw damaged("zip entries stored as torch.save does, got " + name + " compressed or encrypted (method "
                    + method + "); unpack it and save it again with torch.save");
        }
    }

    private Entry located(String name, byte[] rawName, long size, long local, long limit) {
        if (local < 0 || local > limit - 30) {
            throw damaged("zip entry " + name + " before the directory, got offset " + local);
        }
        ByteBuffer header = buffer(local, 30);
        int nameLength = u16(header, 26);
        long offset = local + 30 + nameLength + u16(header, 28);
        if (header.getInt(0) != LOCAL || nameLength != rawName.length) {
            throw damaged("zip entry " + name + " at " + local + ", got something else");
        }
        if (size < 0 || offset > limit || size > limit - offset) {
            throw damaged("zip entry " + name + " within the file, got " + size + " bytes at " + offset);
        }
        return new Entry(name, local, offset, size);
    }

    private void checkDisjoint(List<Entry> entries) {
        entries.sort(Comparator.comparingLong(Entry::local));
        for (int i = 1; i < entries.size(); i++) {
            Entry previous = entries.get(i - 1);
            if (entries.get(i).local < previous.end()) {
                throw damaged("zip entries that do not overlap, got " + previous.name + " and " + entries.get(i).name);
            }
        }
    }

    private ByteBuffer buffer(long offset, int length) {
        return ByteBuffer.wrap(file.read(offset, length)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private CheckpointException damaged(String expected) {
        return new CheckpointException(file + ": expected " + expected);
    }

    private static int u16(ByteBuffer bytes, int at) {
        return bytes.getShort(at) & 0xFFFF;
    }

    private static long u32(ByteBuffer bytes, int at) {
        return bytes.getInt(at) & UNSIGNED_INT;
    }
}
