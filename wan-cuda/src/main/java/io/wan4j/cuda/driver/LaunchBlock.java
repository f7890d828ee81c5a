package io.wan4j.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Native memory for one launch: the parameters, the list that points to them, and the launch configuration. */
final class LaunchBlock {
    private static final int SIZE_AT = 64;
    private static final int CONFIGURATION_AT = 128;
    private static final int ATTRIBUTE_AT = 256;
    private static final int ARGUMENTS_AT = 512;
    private static final int BYTES = ARGUMENTS_AT + 4096;

    private static final long BUFFER_POINTER = 1;
    private static final long BUFFER_SIZE = 2;
    private static final int CLUSTER_DIMENSION = 4;

    private final ByteBuffer bytes =
            ByteBuffer.allocateDirect(BYTES + 64).alignedSlice(64).order(ByteOrder.LITTLE_ENDIAN);
    private final long address;

    LaunchBlock(DriverCalls calls) {
        this.address = calls.address(bytes);
    }

    /** Writes the parameters; returns the address of the {@code extra} list of cuLaunchKernel. */
    long writeArguments(Launch launch) {
        byte[] arguments = launch.arguments().toBytes();
        bytes.put(ARGUMENTS_AT, arguments);
        bytes.putLong(SIZE_AT, arguments.length);
        bytes.putLong(0, BUFFER_POINTER).putLong(8, address + ARGUMENTS_AT);
        bytes.putLong(16, BUFFER_SIZE).putLong(24, address + SIZE_AT);
        bytes.putLong(32, 0);
        return address;
    }

    /** Writes a CUlaunchConfig with the cluster as its only attribute; returns its address. */
    long writeConfiguration(Launch launch, long stream) {
        writeShape(CONFIGURATION_AT, launch.grid());
        writeShape(CONFIGURATION_AT + 12, launch.block());
        bytes.putInt(CONFIGURATION_AT + 24, launch.sharedBytes());
        bytes.putLong(CONFIGURATION_AT + 32, stream);
        bytes.putLong(CONFIGURATION_AT + 40, address + ATTRIBUTE_AT);
        bytes.putInt(CONFIGURATION_AT + 48, 1);
        bytes.putInt(ATTRIBUTE_AT, CLUSTER_DIMENSION);
        writeShape(ATTRIBUTE_AT + 8, launch.cluster());
        return address + CONFIGURATION_AT;
    }

    private void writeShape(int at, LaunchShape shape) {
        bytes.putInt(at, shape.x()).putInt(at + 4, shape.y()).putInt(at + 8, shape.z());
    }
}
