package io.wan4j.testkit.ptx;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * What one launch did.
 *
 * @param kernel name of the kernel
 * @param instructions warp instructions executed
 * @param sites counts of each instruction that accesses shared or global memory, in the order of the code
 * @param findings what the sanitizer saw, in the order of appearance
 */
public record LaunchReport(String kernel, long instructions, List<Site> sites, List<Finding> findings) {
    /** Copies the lists. */
    public LaunchReport {
        sites = List.copyOf(sites);
        findings = List.copyOf(findings);
    }

    /**
     * Memory traffic of one instruction.
     *
     * @param line line in the PTX text
     * @param instruction text of the instruction
     * @param executed warps that executed it
     * @param sharedRequests of these, accesses to shared memory
     * @param wavefronts passes over the 32 banks these took
     * @param idealWavefronts passes without any bank conflict
     * @param globalRequests accesses to global memory
     * @param sectors 32-byte sectors these touched
     * @param idealSectors sectors if the bytes were contiguous
     * @param globalBytes bytes the lanes asked for
     * @param mainLoop whether it belongs to a main loop: an innermost loop around matrix products, or around the bulk
     *     copies that feed them
     */
    public record Site(
            int line,
            String instruction,
            long executed,
            long sharedRequests,
            long wavefronts,
            long idealWavefronts,
            long globalRequests,
            long sectors,
            long idealSectors,
            long globalBytes,
            boolean mainLoop) {
        /** Passes lost to bank conflicts. */
        public long bankConflicts() {
            return wavefronts - idealWavefronts;
        }

        /** Bytes each lane moves, as the instruction's name says. */
        public int width() {
            return Width.of(instruction);
        }
    }

    static LaunchReport of(Launch launch, Counters counters) {
        List<Site> sites = new ArrayList<>();
        long instructions = 0;
        BitSet mainLoops = MainLoops.of(launch.program.code);
        for (Op op : launch.program.code) {
            instructions += counters.executed[op.pc];
            int i = op.site;
            if (op.isCounted() && counters.sharedRequests[i] + counters.globalRequests[i] > 0) {
                sites.add(new Site(
                        op.source.line(),
                        op.source.text(),
                        counters.executed[op.pc],
                        counters.sharedRequests[i],
                        counters.wavefronts[i],
                        counters.idealWavefronts[i],
                        counters.globalRequests[i],
                        counters.sectors[i],
                        counters.idealSectors[i],
                        counters.globalBytes[i],
                        mainLoops.get(op.pc)));
            }
        }
        return new LaunchReport(launch.program.kernel.name(), instructions, sites, launch.findings.list());
    }

    /** Findings that are no mere warnings. */
    public List<Finding> errors() {
        return findings.stream().filter(f -> !f.kind().isWarning()).toList();
    }

    /** Counts of the instructions in main loops; empty for a kernel without matrix products. */
    public List<Site> mainLoop() {
        return sites.stream().filter(Site::mainLoop).toList();
    }

    /** Sum of all bank conflicts. */
    public long bankConflicts() {
        return sites.stream().mapToLong(Site::bankConflicts).sum();
    }

    /** Sum of all 32-byte sectors of global memory. */
    public long sectors() {
        return sites.stream().mapToLong(Site::sectors).sum();
    }

    /** Sum of the bytes the lanes asked of global memory. */
    public long globalBytes() {
        return sites.stream().mapToLong(Site::globalBytes).sum();
    }

    /** A readable table; instructions of main loops have a star. */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder(kernel + ": " + instructions + " warp instructions, " + bankConflicts()
                + " bank conflicts, " + sectors() + " sectors for " + globalBytes() + " bytes\n");
        for (Site site : sites) {
            out.append(String.format(
                    "%s line %5d  x%-8d  conflicts %-7d  sectors %-8d of %-8d  %s%n",
                    site.mainLoop() ? "*" : " ",
                    site.line(),
                    site.executed(),
                    site.bankConflicts(),
                    site.sectors(),
                    site.idealSectors(),
                    site.instruction()));
        }
        findings.forEach(f -> out.append("  ").append(f).append('\n'));
        return out.toString();
    }
}
