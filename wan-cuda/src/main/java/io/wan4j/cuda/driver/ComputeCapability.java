package io.wan4j.cuda.driver;

/** The architecture of a GPU, for example 8.9 for a GeForce RTX 40 card. */
public record ComputeCapability(int major, int minor) implements Comparable<ComputeCapability> {
    /** The oldest architecture that the kernels are written for (BF16 tensor cores, asynchronous copies). */
    public static final ComputeCapability OLDEST = new ComputeCapability(8, 0);

    /** The first architecture with E4M3 conversions and tensor cores. */
    public static final ComputeCapability FIRST_WITH_FP8 = new ComputeCapability(8, 9);

    public ComputeCapability {
        if (major < 1 || minor < 0 || minor > 9) {
            throw new IllegalArgumentException("compute capability: expected 1.0 to 99.9, got " + major + "." + minor);
        }
    }

    /** True if this architecture is {@code other} or newer. */
    public boolean isAtLeast(ComputeCapability other) {
        return compareTo(other) >= 0;
    }

    @Override
    public int compareTo(ComputeCapability other) {
        return major != other.major ? Integer.compare(major, other.major) : Integer.compare(minor, other.minor);
    }

    /** For example {@code 8.9}. */
    @Override
    public String toString() {
        return major + "." + minor;
    }
}
