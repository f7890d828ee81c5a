package io.wan4j.cuda;

import io.wan4j.error.DeviceException;
import java.util.ArrayList;
import java.util.List;

/**
 * Recording of a stream as the driver does it in thread-local mode: work of the recorded stream is kept instead of run, and
 * calls that it cannot keep end the recording with an error. Also counts launches.
 */
final class SimulatedCapture {
    private List<Runnable> work = new ArrayList<>();
    private long stream;
    private Thread thread = Thread.currentThread();
    private boolean invalid;
    private boolean unsupported;
    private int launches;
    private int graphLaunches;
    private int graphs;

    /** Recorded work. */
    record Graph(List<Runnable> work) {
        void run() {
            work.forEach(Runnable::run);
        }
    }

    /** A driver that cannot record from now on. */
    void refuse() {
        unsupported = true;
    }

    /** Kernels that were launched one by one or recorded. */
    int launches() {
        return launches;
    }

    /** Graphs that were launched. */
    int graphLaunches() {
        return graphLaunches;
    }

    /** Graphs that were made. */
    int graphs() {
        return graphs;
    }

    void countLaunch() {
        launches++;
    }

    void countGraph() {
        graphLaunches++;
    }

    void begin(long of) {
        if (unsupported) {
            throw new DeviceException("cuStreamBeginCapture: operation not supported (CUDA_ERROR_NOT_SUPPORTED, 801)");
        }
        if (stream != 0) {
            throw new DeviceException("cuStreamBeginCapture: a recording is under way");
        }
        stream = of;
        thread = Thread.currentThread();
        work = new ArrayList<>();
        invalid = false;
    }

    Graph end(long of) {
        if (stream != of) {
            throw new DeviceException("cuStreamEndCapture: no recording is under way");
        }
        stream = 0;
        if (invalid) {
            throw new DeviceException("cuStreamEndCapture: (CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, 901)");
        }
        graphs++;
        return new Graph(List.copyOf(work));
    }

    /** Runs or records. */
    void submit(long in, Runnable action) {
        if (stream != 0 && stream == in) {
            work.add(action);
        } else {
            action.run();
        }
    }

    /** A call that the recording thread may not make. */
    void forbid(String call) {
        if (stream != 0 && Thread.currentThread() == thread) {
            forbidIn(stream, call);
        }
    }

    /** A call that no thread may make on the recorded stream. */
    void forbidIn(long of, String call) {
        if (stream != 0 && stream == of) {
            invalid = true;
            throw new DeviceException(call + ": (CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, 900)");
        }
    }
}
