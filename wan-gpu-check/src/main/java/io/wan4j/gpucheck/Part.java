package io.wan4j.gpucheck;

import io.wan4j.testkit.ContractGroup;
import io.wan4j.testkit.golden.GoldenSuite;
import io.wan4j.testkit.golden.GoldenSuites;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The parts of the check, in order. Each consists of units, and every unit runs in a process of its own. */
enum Part {
    /** What is there. */
    DOCTOR(5, () -> List.of("devices"), unit -> new DoctorCheck()),
    /** The kernel contract: every kernel against an oracle in double precision. */
    CONTRACT(10, Part::contract, ContractCheck::new),
    /** The networks against the golden vectors. */
    GOLDENS(10, () -> perFormat(GoldenSuites.all().stream().map(GoldenSuite::name)), GoldensCheck::new),
    /** What this device can do at most. */
    CEILING(5, () -> List.of("copy", "own", "cublaslt"), CeilingCheck::new),
    /** Single kernels at the sizes of Wan. */
    KERNELS(
            10,
            () -> Stream.concat(KernelsCheck.units(), Stream.of(QuantisedAttentionCheck.UNIT, HalfSumsCheck.UNIT))
                    .toList(),
            unit -> switch (unit) {
                case QuantisedAttentionCheck.UNIT -> new QuantisedAttentionCheck();
                case HalfSumsCheck.UNIT -> new HalfSumsCheck();
                default -> new KernelsCheck(unit);
            }),
    /** The same products by cuBLASLt, where it is installed. */
    CUBLASLT(10, () -> List.of("linear", CublasLtCheck.WHOLE), CublasLtCheck::new),
    /** The same attentions and convolutions by cuDNN, where it is installed. */
    CUDNN(10, () -> List.of("attention", "convolution"), CudnnCheck::new),
    /** The same products and attentions by PyTorch, and a compiled block, where it is installed. */
    TORCH(15, () -> List.of("python3"), unit -> new TorchCheck()),
    /** One step of the 14B model with random weights. */
    STEP(15, () -> List.of("i8", "f8_e4m3", "bf16"), StepCheck::new),
    /** The same within 8 GB of device memory. */
    OFFLOAD(15, () -> List.of("i8"), OffloadCheck::new),
    /** A whole video of four steps with random weights. */
    VIDEO(20, () -> List.of("i8"), VideoCheck::new);

    private static final Duration SILENCE = Duration.ofSeconds(60);

    private final Duration limit;
    private final Supplier<List<String>> units;
    private final Maker maker;

    /** Makes the check of a unit. */
    @FunctionalInterface
    private interface Maker {
        Check of(String unit);
    }

    Part(int minutes, Supplier<List<String>> units, Maker maker) {
        this.limit = Duration.ofMinutes(minutes);
        this.units = units;
        this.maker = maker;
    }

    private static List<String> perFormat(Stream<String> names) {
        return names.flatMap(name -> Stream.of("bf16:" + name, "f32:" + name)).toList();
    }

    /**
     * All operations in each format; products on warp groups, which otherwise only take large ones; what libraries of the
     * machine offer.
     */
    private static List<String> contract() {
        Stream<String> all = perFormat(Arrays.stream(ContractGroup.values()).map(Part::label)).stream();
        Stream<String> groups =
                Stream.of(ContractGroup.LINEAR, ContractGroup.LINEAR_EXTREMES).map(group -> "groups:" + label(group));
        Stream<String> libraries = Stream.of(
                        ContractGroup.LINEAR,
                        ContractGroup.LINEAR_EXTREMES,
                        ContractGroup.ATTENTION,
                        ContractGroup.CONVOLUTION)
                .map(group -> "libraries:" + label(group));
        return Stream.of(all, groups, libraries).flatMap(units -> units).toList();
    }

    private static String label(ContractGroup group) {
        return group.name().toLowerCase(Locale.ROOT);
    }

    /** The name by which users ask for it. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** A unit that takes longer is ended. */
    Duration limit() {
        return limit;
    }

    /** A case that gives no result for so long hangs. */
    Duration silence() {
        return switch (this) {
            case CONTRACT, CEILING, KERNELS, CUBLASLT, CUDNN -> SILENCE;
            default -> limit;
        };
    }

    List<String> units() {
        return units.get();
    }

    Check check(String unit) {
        return maker.of(unit);
    }

    static String labels() {
        return Arrays.stream(values()).map(Part::label).collect(Collectors.joining(", "));
    }

    /**
     * The part of this name.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Part of(String label) {
        return Arrays.stream(values())
                .filter(part -> part.label().equals(label))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("part: expected one of " + labels() + ", got " + label));
    }
}
