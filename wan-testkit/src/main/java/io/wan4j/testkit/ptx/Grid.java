package io.wan4j.testkit.ptx;

/**
 * Shape of a launch.
 *
 * @param blocks blocks of the grid
 * @param threads threads of a block
 * @param cluster blocks of a cluster, 1 x 1 x 1 for none
 * @param sharedBytes dynamic shared memory of a block in bytes
 */
public record Grid(Dim blocks, Dim threads, Dim cluster, int sharedBytes) {
    /** Three extents, each at least 1. */
    public record Dim(int x, int y, int z) {
        /** Checks the extents. */
        public Dim {
            if (x < 1 || y < 1 || z < 1) {
                throw new IllegalArgumentException("extents must be positive, got " + x + " x " + y + " x " + z);
            }
        }

        /** Number of elements. */
        public long count() {
            return (long) x * y * z;
        }

        int x(long index) {
            return (int) (index % x);
        }

        int y(long index) {
            return (int) (index / x % y);
        }

        int z(long index) {
            return (int) (index / x / y);
        }

        @Override
        public String toString() {
            return "(" + x + ", " + y + ", " + z + ")";
        }
    }

    /** A position: block in a grid or thread in a block. */
    public record Index(int x, int y, int z) {
        static Index of(Dim extents, long index) {
            return new Index(extents.x(index), extents.y(index), extents.z(index));
        }

        @Override
        public String toString() {
            return "(" + x + ", " + y + ", " + z + ")";
        }
    }

    /** Checks that the block has at most 1024 threads and that clusters divide the grid. */
    public Grid {
        if (threads.count() > 1024) {
            throw new IllegalArgumentException("a block has at most 1024 threads, got " + threads);
        }
        if (blocks.x() % cluster.x() != 0 || blocks.y() % cluster.y() != 0 || blocks.z() % cluster.z() != 0) {
            throw new IllegalArgumentException("clusters " + cluster + " do not divide the grid " + blocks);
        }
        if (sharedBytes < 0) {
            throw new IllegalArgumentException("shared memory must not be negative, got " + sharedBytes);
        }
    }

    /** One-dimensional launch without clusters. */
    public static Grid of(int blocks, int threads, int sharedBytes) {
        return new Grid(new Dim(blocks, 1, 1), new Dim(threads, 1, 1), new Dim(1, 1, 1), sharedBytes);
    }

    /** Launch without clusters. */
    public static Grid of(Dim blocks, Dim threads, int sharedBytes) {
        return new Grid(blocks, threads, new Dim(1, 1, 1), sharedBytes);
    }
}
