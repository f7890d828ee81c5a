package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Predefined registers a kernel reads; they keep their value while a block runs. */
final class SpecialRegisters {
    private interface Value {
        long of(Warp warp, int lane);
    }

    private interface Extent {
        Grid.Dim of(Grid grid);
    }

    private record Entry(int register, boolean wide, Value value) {}

    private final Map<String, Integer> indices = new HashMap<>();
    private final List<Entry> entries = new ArrayList<>();

    int intRegister(String name, RegisterBanks banks) {
        return indices.computeIfAbsent(name, n -> add(banks.newInt(), false, n));
    }

    int longRegister(String name, RegisterBanks banks) {
        return indices.computeIfAbsent(name + " wide", n -> add(banks.newLong(), true, name));
    }

    private int add(int register, boolean wide, String name) {
        entries.add(new Entry(register, wide, value(name)));
        return register;
    }

    void fill(Warp warp) {
        for (Entry entry : entries) {
            for (int lane = 0; lane < Warp.LANES; lane++) {
                long value = entry.value.of(warp, lane);
                if (entry.wide) {
                    warp.l[entry.register][lane] = value;
                } else {
                    warp.r[entry.register][lane] = (int) value;
                }
            }
        }
    }

    private static Value value(String name) {
        if (name.startsWith("$")) {
            return sharedAddress(name);
        }
        int dot = name.lastIndexOf('.');
        String base = dot < 0 ? name : name.substring(0, dot);
        char axis = dot < 0 ? ' ' : name.charAt(dot + 1);
        return switch (base) {
            case "%tid" -> along(Grid::threads, axis, (warp, lane) -> (long) warp.id * Warp.LANES + lane);
            case "%ntid" -> extent(Grid::threads, axis);
            case "%ctaid" -> along(Grid::blocks, axis, (warp, lane) -> warp.cta.index);
            case "%nctaid" -> extent(Grid::blocks, axis);
            case "%cluster_ctaid" -> along(Grid::cluster, axis, (warp, lane) -> warp.cta.rank);
            case "%cluster_nctaid" -> extent(Grid::cluster, axis);
            case "%clusterid" -> {
                Value block = along(Grid::blocks, axis, (warp, lane) -> warp.cta.index);
                Value size = extent(Grid::cluster, axis);
                yield (warp, lane) -> block.of(warp, lane) / size.of(warp, lane);
            }
            case "%nclusterid" -> {
                Value blocks = extent(Grid::blocks, axis);
                Value size = extent(Grid::cluster, axis);
                yield (warp, lane) -> blocks.of(warp, lane) / size.of(warp, lane);
            }
            default -> single(base);
        };
    }

    private static Value single(String name) {
        return switch (name) {
            case "%cluster_ctarank" -> (warp, lane) -> warp.cta.rank;
            case "%cluster_nctarank" -> (warp, lane) -> warp.cta.cluster.length;
            case "%laneid" -> (warp, lane) -> lane;
            case "%warpid" -> (warp, lane) -> warp.id;
            case "%nwarpid" -> (warp, lane) -> warp.cta.warps.length;
            case "%smid", "%gridid" -> (warp, lane) -> 0;
            case "%nsmid" -> (warp, lane) -> 1;
            case "%lanemask_eq" -> (warp, lane) -> 1L << lane;
            case "%lanemask_lt" -> (warp, lane) -> (1L << lane) - 1;
            case "%lanemask_le" -> (warp, lane) -> (2L << lane) - 1;
            case "%lanemask_gt" -> (warp, lane) -> 0xffffffffL & -(2L << lane);
            case "%lanemask_ge" -> (warp, lane) -> 0xffffffffL & -(1L << lane);
            case "%dynamic_smem_size" -> (warp, lane) -> warp.cta.launch.grid.sharedBytes();
            case "%total_smem_size" -> (warp, lane) -> warp.cta.shared.bytes;
            default -> throw new UnsupportedException("special register " + name + " is not simulated");
        };
    }

    private static Value sharedAddress(String name) {
        boolean dynamic = name.startsWith("$dynamic");
        long offset = SharedMemory.BASE + Long.parseLong(name.substring(name.indexOf('+') + 1));
        return (warp, lane) ->
                (long) warp.cta.rank << SharedMemory.RANK_SHIFT | offset + (dynamic ? warp.program.dynamicStart() : 0);
    }

    private static Value along(Extent extents, char axis, Value index) {
        return switch (axis) {
            case 'x' -> (warp, lane) -> extents.of(warp.cta.launch.grid).x(index.of(warp, lane));
            case 'y' -> (warp, lane) -> extents.of(warp.cta.launch.grid).y(index.of(warp, lane));
            default -> (warp, lane) -> extents.of(warp.cta.launch.grid).z(index.of(warp, lane));
        };
    }

    private static Value extent(Extent extents, char axis) {
        return switch (axis) {
            case 'x' -> (warp, lane) -> extents.of(warp.cta.launch.grid).x();
            case 'y' -> (warp, lane) -> extents.of(warp.cta.launch.grid).y();
            default -> (warp, lane) -> extents.of(warp.cta.launch.grid).z();
        };
    }
}
