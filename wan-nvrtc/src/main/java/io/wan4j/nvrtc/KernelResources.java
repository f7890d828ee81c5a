package io.wan4j.nvrtc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one kernel of a cubin takes from a multiprocessor.
 *
 * @param kernel name of the entry
 * @param registers per thread
 * @param sharedBytes statically declared shared memory per block
 * @param localBytes stack and spills per thread; 0 for every kernel of ours
 */
public record KernelResources(String kernel, int registers, long sharedBytes, long localBytes) {
    private static final byte FORMAT_SIZED = 4;
    private static final byte ATTRIBUTE_FRAME_SIZE = 0x11;
    private static final byte ATTRIBUTE_REGISTERS = 0x2f;
    private static final String TEXT = ".text.";

    /** The kernels of a cubin, by name. A cubin is an ELF file; the figures are in its {@code .nv.info} section. */
    public static List<KernelResources> of(byte[] cubin) {
        ByteBuffer elf = ByteBuffer.wrap(cubin).order(ByteOrder.LITTLE_ENDIAN);
        if (cubin.length < 64 || elf.getInt(0) != 0x464c457f) {
            throw new IllegalArgumentException("cubin: expected an ELF file of 64 bytes or more, got " + cubin.length);
        }
        Map<String, Section> sections = sections(elf);
        Map<Integer, Integer> registers = new HashMap<>();
        Map<Integer, Integer> frames = new HashMap<>();
        readInfo(elf, require(sections, ".nv.info"), registers, frames);
        List<String> symbols = symbols(elf, require(sections, ".symtab"), require(sections, ".strtab"));
        List<KernelResources> kernels = new ArrayList<>();
        for (Map.Entry<Integer, Integer> entry : registers.entrySet()) {
            String name = symbols.get(entry.getKey());
            if (!sections.containsKey(TEXT + name)) {
                continue;
            }
            Section shared = sections.get(".nv.shared." + name);
            kernels.add(new KernelResources(
                    name,
                    entry.getValue(),
                    shared == null ? 0 : shared.size(),
                    frames.getOrDefault(entry.getKey(), 0)));
        }
        kernels.sort(Comparator.comparing(KernelResources::kernel));
        return kernels;
    }

    private record Section(long offset, long size) {}

    private static Section require(Map<String, Section> sections, String name) {
        Section section = sections.get(name);
        if (section == null) {
            throw new IllegalArgumentException("cubin: expected a section " + name + ", got " + sections.keySet());
        }
        return section;
    }

    private static Map<String, Section> sections(ByteBuffer elf) {
        int table = Math.toIntExact(elf.getLong(40));
        int entry = Short.toUnsignedInt(elf.getShort(58));
        int count = Short.toUnsignedInt(elf.getShort(60));
        int names = Math.toIntExact(elf.getLong(table + Short.toUnsignedInt(elf.getShort(62)) * entry + 24));
        Map<String, Section> sections = new HashMap<>();
        for (int i = 0; i < count; i++) {
            int at = table + i * entry;
            sections.put(text(elf, names + elf.getInt(at)), new Section(elf.getLong(at + 24), elf.getLong(at + 32)));
        }
        return sections;
    }

    /** Entries: format byte, attribute byte, 16-bit size (format 4) or value; sized ones hold (symbol, value). */
    private static void readInfo(
            ByteBuffer elf, Section info, Map<Integer, Integer> registers, Map<Integer, Integer> frames) {
        int at = Math.toIntExact(info.offset());
        int end = at + Math.toIntExact(info.size());
        while (at + 4 <= end) {
            byte format = elf.get(at);
            byte attribute = elf.get(at + 1);
            int size = format == FORMAT_SIZED ? Short.toUnsignedInt(elf.getShort(at + 2)) : 0;
            if (format == FORMAT_SIZED && size == 8) {
                if (attribute == ATTRIBUTE_REGISTERS) {
                    registers.put(elf.getInt(at + 4), elf.getInt(at + 8));
                } else if (attribute == ATTRIBUTE_FRAME_SIZE) {
                    frames.put(elf.getInt(at + 4), elf.getInt(at + 8));
                }
            }
            at += 4 + size;
        }
    }

    private static List<String> symbols(ByteBuffer elf, Section table, Section strings) {
        List<String> symbols = new ArrayList<>();
        int end = Math.toIntExact(table.offset() + table.size());
        for (int at = Math.toIntExact(table.offset()); at < end; at += 24) {
            symbols.add(text(elf, Math.toIntExact(strings.offset()) + elf.getInt(at)));
        }
        return symbols;
    }

    private static String text(ByteBuffer elf, int at) {
        int end = at;
        while (elf.get(end) != 0) {
            end++;
        }
        byte[] bytes = new byte[end - at];
        elf.get(at, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
