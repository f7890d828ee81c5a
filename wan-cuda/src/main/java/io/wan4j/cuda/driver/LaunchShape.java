package io.wan4j.cuda.driver;

/** Extents of a grid, block or cluster. */
public record LaunchShape(int x, int y, int z) {
    /** One of everything. */
    public static final LaunchShape ONE = new LaunchShape(1, 1, 1);

    public LaunchShape {
        if (x < 1 || y < 1 || z < 1) {
            throw new IllegalArgumentException("launch extents: expected 1 or more, got " + x + "," + y + "," + z);
        }
    }

    /** A row of {@code x}. */
    public static LaunchShape of(int x) {
        return new LaunchShape(x, 1, 1);
    }

    /** For example {@code [12,1,1]}. */
    @Override
    public String toString() {
        return "[" + x + "," + y + "," + z + "]";
    }
}
