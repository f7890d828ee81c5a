package io.wan4j.cuda.driver;

import java.util.List;

/** The calls that order work: streams, events, and graphs of what a stream was given. */
final class StreamCalls {
    static final List<String> FUNCTIONS = List.of(
            "cuStreamCreate",
            "cuStreamDestroy_v2",
            "cuStreamSynchronize",
            "cuStreamWaitEvent",
            "cuStreamBeginCapture_v2",
            "cuStreamEndCapture",
            "cuEventCreate",
            "cuEventDestroy_v2",
            "cuEventRecord",
            "cuEventSynchronize",
            "cuEventElapsedTime_v2",
            "cuGraphInstantiateWithFlags",
            "cuGraphLaunch",
            "cuGraphExecDestroy",
            "cuGraphDestroy");

    private static final int STREAM_NON_BLOCKING = 1;
    private static final int CAPTURE_THREAD_LOCAL = 1;

    private final CheckedCalls calls;

    StreamCalls(CheckedCalls calls) {
        this.calls = calls;
    }

    long createStream() {
        return calls.create("cuStreamCreate", "", STREAM_NON_BLOCKING);
    }

    void destroyStream(long stream) {
        calls.check(calls.call("cuStreamDestroy_v2", stream), "cuStreamDestroy");
    }

    void synchronizeStream(long stream) {
        calls.check(calls.call("cuStreamSynchronize", stream), "cuStreamSynchronize");
    }

    long createEvent() {
        return calls.create("cuEventCreate", "", 0);
    }

    void destroyEvent(long event) {
        calls.check(calls.call("cuEventDestroy_v2", event), "cuEventDestroy");
    }

    void recordEvent(long event, long stream) {
        calls.check(calls.call("cuEventRecord", event, stream), "cuEventRecord");
    }

    void synchronizeEvent(long event) {
        calls.check(calls.call("cuEventSynchronize", event), "cuEventSynchronize");
    }

    void waitForEvent(long stream, long event) {
        calls.check(calls.call("cuStreamWaitEvent", stream, event, 0), "cuStreamWaitEvent");
    }

    float elapsedMillis(long start, long end) {
        float[] millis = new float[1];
        calls.check(calls.call("cuEventElapsedTime_v2", millis, start, end), "cuEventElapsedTime");
        return millis[0];
    }

    void beginCapture(long stream) {
        calls.check(calls.call("cuStreamBeginCapture_v2", stream, CAPTURE_THREAD_LOCAL), "cuStreamBeginCapture");
    }

    long endCapture(long stream) {
        long[] graph = new long[1];
        calls.check(calls.call("cuStreamEndCapture", stream, graph), "cuStreamEndCapture");
        try {
            return calls.create("cuGraphInstantiateWithFlags", "", graph[0], 0L);
        } finally {
            calls.check(calls.call("cuGraphDestroy", graph[0]), "cuGraphDestroy");
        }
    }

    void launchGraph(long graph, long stream) {
        calls.check(calls.call("cuGraphLaunch", graph, stream), "cuGraphLaunch");
    }

    void destroyGraph(long graph) {
        calls.check(calls.call("cuGraphExecDestroy", graph), "cuGraphExecDestroy");
    }
}
