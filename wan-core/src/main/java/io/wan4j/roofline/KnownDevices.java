package io.wan4j.roofline;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Published ceilings of devices: dense matrix peaks and memory bandwidth. */
public final class KnownDevices {
    private static final String NVIDIA = "NVIDIA data sheet, dense, F32 sums";

    /** All of them. The CPU is two cores of a Sapphire Rapids Xeon, its figures measured with hand-written code. */
    public static final List<Ceilings> ALL = List.of(
            gpu("RTX 4060", 15.1, 30, 60, 121, 272),
            gpu("RTX 4060 Ti", 22.1, 44, 88, 177, 288),
            gpu("RTX 4070", 29.1, 58, 117, 233, 504),
            gpu("RTX 4080", 48.7, 98, 195, 390, 717),
            gpu("RTX 4090", 82.6, 165, 330, 661, 1008),
            gpu("H100", 67, 989, 1979, 1979, 3350),
            gpu("H200", 67, 989, 1979, 1979, 4800),
            new Ceilings(
                    "Xeon AMX, 2 cores",
                    0.43e12,
                    6.3e12,
                    6.3e12,
                    12.8e12,
                    30e9,
                    "measured: tiles and registers only; STREAM triad"));

    private KnownDevices() {}

    private static Ceilings gpu(String name, double f32, double bf16, double fp8, double int8, double gigabytes) {
        return new Ceilings(name, f32 * 1e12, bf16 * 1e12, fp8 * 1e12, int8 * 1e12, gigabytes * 1e9, NVIDIA);
    }

    /** The device whose name is in a description, the longest such name. */
    public static Optional<Ceilings> in(String description) {
        String text = description.toLowerCase(Locale.ROOT);
        return ALL.stream()
                .filter(known -> text.contains(known.device().toLowerCase(Locale.ROOT)))
                .reduce((a, b) -> a.device().length() >= b.device().length() ? a : b);
    }
}
