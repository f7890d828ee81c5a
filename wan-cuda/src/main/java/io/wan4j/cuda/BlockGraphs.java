package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.error.DeviceException;
import io.wan4j.spi.Recording;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Recordings of a device as CUDA graphs. Once one cannot be made, no more are tried: the launches are handed over one by
 * one from then on, and the log says why.
 */
final class BlockGraphs implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BlockGraphs.class);

    private final CudaDriver driver;
    private final long stream;
    private final CudaWorkspace workspace;
    private final Runnable enter;
    private final Set<BlockRecording> open = new LinkedHashSet<>();
    private boolean usable = true;

    /** Graphs of what is launched into {@code stream}; {@code enter} comes before the driver is called. */
    BlockGraphs(CudaDriver driver, long stream, CudaWorkspace workspace, Runnable enter) {
        this.driver = driver;
        this.stream = stream;
        this.workspace = workspace;
        this.enter = enter;
    }

    Recording recording() {
        BlockRecording recording = new BlockRecording(this);
        open.add(recording);
        return recording;
    }

    boolean isUsable() {
        return usable;
    }

    CudaWorkspace workspace() {
        return workspace;
    }

    /** Records what the work launches, without running it; empty if that cannot be done. */
    OptionalLong capture(Runnable work) {
        enter.run();
        try {
            driver.beginCapture(stream);
        } catch (DeviceException failure) {
            return unusable(failure);
        }
        try {
            work.run();
        } catch (DeviceException failure) {
            dropCapture();
            return unusable(failure);
        } catch (RuntimeException | Error failure) {
            dropCapture();
            throw failure;
        }
        try {
            return OptionalLong.of(driver.endCapture(stream));
        } catch (DeviceException failure) {
            return unusable(failure);
        }
    }

    private OptionalLong unusable(DeviceException failure) {
        usable = false;
        LOG.warn("blocks are not recorded as CUDA graphs, kernels are launched one by one: {}", failure.getMessage());
        return OptionalLong.empty();
    }

    /** A stream records until it is told to end, whatever went wrong. */
    private void dropCapture() {
        try {
            driver.destroyGraph(driver.endCapture(stream));
        } catch (DeviceException expected) {
            LOG.debug("a recording was given up: {}", expected.getMessage());
        }
    }

    void launch(long graph) {
        enter.run();
        driver.launchGraph(graph, stream);
    }

    /** Destroys graphs that may still be running. */
    void destroy(Iterable<Long> graphs) {
        enter.run();
        driver.synchronizeStream(stream);
        graphs.forEach(driver::destroyGraph);
    }

    void closed(BlockRecording recording) {
        open.remove(recording);
    }

    @Override
    public void close() {
        new ArrayList<>(open).forEach(BlockRecording::close);
    }
}
