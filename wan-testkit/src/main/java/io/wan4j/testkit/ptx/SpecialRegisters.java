package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Predefined registers a kernel reads; they keep their value while a block runs. */
final class SpecialRegisters {
    private final Map<String, Integer> ints = new LinkedHashMap<>();
    private final Map<String, Integer> longs = new LinkedHashMap<>();

    int intRegister(String name, RegisterBanks banks) {
        return ints.computeIfAbsent(name, n -> banks.newInt());
    }

    int longRegister(String name, RegisterBanks banks) {
        return longs.computeIfAbsent(name, n -> banks.newLong());
    }

    void fill(Warp warp) {
        ints.forEach((name, register) -> {
            for (int lane = 0; lane < Warp.LANES; lane++) {
                warp.r[register][lane] = (int) value(name, warp, lane);
            }
        });
        longs.forEach((name, register) -> Arrays.setAll(warp.l[register], lane -> value(name, warp, lane)));
    }

    private static long value(String name, Warp warp, int lane) {
        Cta cta = warp.cta;
        if (name.startsWith("$")) {
            int plus = name.indexOf('+');
            long start = name.startsWith("$dynamic") ? warp.program.dynamicStart() : 0;
            long offset = SharedMemory.BASE + start + Long.parseLong(name.substring(plus + 1));
            return (long) cta.rank << SharedMemory.RANK_SHIFT | offset;
        }
        Grid grid = cta.launch.grid;
        long thread = (long) warp.id * Warp.LANES + lane;
        int dot = name.lastIndexOf('.');
        String base = dot < 0 ? name : name.substring(0, dot);
        char axis = dot < 0 ? ' ' : name.charAt(dot + 1);
        return switch (base) {
            case "%tid" -> along(grid.threads(), thread, axis);
            case "%ntid" -> extent(grid.threads(), axis);
            case "%ctaid" -> along(grid.blocks(), cta.index, axis);
            case "%nctaid" -> extent(grid.blocks(), axis);
            case "%cluster_ctaid" -> along(grid.cluster(), cta.rank, axis);
            case "%cluster_nctaid" -> extent(grid.cluster(), axis);
            case "%clusterid" -> along(grid.blocks(), cta.index, axis) / extent(grid.cluster(), axis);
            case "%nclusterid" -> extent(grid.blocks(), axis) / extent(grid.cluster(), axis);
            case "%cluster_ctarank" -> cta.rank;
            case "%cluster_nctarank" -> grid.cluster().count();
            case "%laneid" -> lane;
            case "%warpid" -> warp.id;
            case "%nwarpid" -> cta.warps.length;
            case "%smid", "%gridid" -> 0;
            case "%nsmid" -> 1;
            case "%lanemask_eq" -> 1L << lane;
            case "%lanemask_lt" -> (1L << lane) - 1;
            case "%lanemask_le" -> (2L << lane) - 1;
            case "%lanemask_gt" -> 0xffffffffL & -(2L << lane);
            case "%lanemask_ge" -> 0xffffffffL & -(1L << lane);
            case "%dynamic_smem_size" -> grid.sharedBytes();
            case "%total_smem_size" -> cta.shared.bytes;
            default -> throw new UnsupportedException("special register " + name + " is not simulated");
        };
    }

    private static long along(Grid.Dim extents, long index, char axis) {
        return switch (axis) {
            case 'x' -> extents.x(index);
            case 'y' -> extents.y(index);
            default -> extents.z(index);
        };
    }

    private static long extent(Grid.Dim extents, char axis) {
        return switch (axis) {
            case 'x' -> extents.x();
            case 'y' -> extents.y();
            default -> extents.z();
        };
    }
}
