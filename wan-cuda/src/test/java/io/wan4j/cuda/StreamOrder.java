package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A driver that passes every call on and keeps, for each copy and each launch, everything that the device is bound to have
 * done before: what came earlier in its stream, what its stream was told to wait for, and what the calling thread had
 * waited for.
 */
final class StreamOrder implements InvocationHandler {
    private final CudaDriver inner;
    private final List<Step> steps = new ArrayList<>();
    private final Map<Object, BitSet> streams = new HashMap<>();
    private final Map<Object, BitSet> events = new HashMap<>();
    private final Map<Thread, BitSet> threads = new HashMap<>();
    private final Map<Thread, Integer> labels = new HashMap<>();
    private final Set<Thread> copying = new HashSet<>();
    private Runnable beforeLaunch = () -> {};

    /**
     * A copy to the device or a launch.
     *
     * @param id number in the order of the calls
     * @param call name of the driver's function
     * @param thread caller
     * @param label of the caller at that time
     * @param address of a copy's target, 0 for a launch
     * @param bytes of a copy
     * @param before numbers of what is done before it starts
     */
    record Step(int id, String call, Thread thread, int label, long address, long bytes, BitSet before) {
        boolean isCopy() {
            return call.equals("copyToDevice");
        }
    }

    StreamOrder(CudaDriver inner) {
        this.inner = inner;
    }

    CudaDriver driver() {
        return (CudaDriver)
                Proxy.newProxyInstance(CudaDriver.class.getClassLoader(), new Class<?>[] {CudaDriver.class}, this);
    }

    /** What the calling thread does carries this label, until it records an event that is not about a copy. */
    synchronized void label(int label) {
        labels.put(Thread.currentThread(), label);
    }

    /** Done by the calling thread before each launch. */
    void beforeLaunch(Runnable action) {
        beforeLaunch = action;
    }

    synchronized List<Step> steps(Predicate<Step> wanted) {
        return steps.stream().filter(wanted).toList();
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        String call = method.getName();
        if (call.equals("launch") || call.equals("launchGraph")) {
            beforeLaunch.run();
        }
        synchronized (this) {
            note(call, arguments);
            try {
                return method.invoke(inner, arguments);
            } catch (InvocationTargetException failure) {
                throw failure.getCause();
            }
        }
    }

    private void note(String call, Object[] arguments) {
        switch (call) {
            case "launch", "launchGraph" -> add(call, (Long) arguments[1], 0, 0);
            case "copyToDevice" -> add(call, (Long) arguments[3], (Long) arguments[0], (Long) arguments[2]);
            case "recordEvent" -> {
                BitSet done = copy(streams.get(arguments[1]));
                done.or(copy(threads.get(Thread.currentThread())));
                events.put(arguments[0], done);
                if (!copying.remove(Thread.currentThread())) {
                    labels.remove(Thread.currentThread());
                }
            }
            case "waitForEvent" -> join(streams, arguments[0], events.get(arguments[1]));
            case "synchronizeEvent" -> join(threads, Thread.currentThread(), events.get(arguments[0]));
            case "synchronizeStream" -> join(threads, Thread.currentThread(), streams.get(arguments[0]));
            case "synchronize" -> streams.values().forEach(done -> join(threads, Thread.currentThread(), done));
            default -> {}
        }
    }

    private void add(String call, Long stream, long address, long bytes) {
        Thread thread = Thread.currentThread();
        if (call.equals("copyToDevice")) {
            copying.add(thread);
        }
        BitSet before = copy(streams.get(stream));
        before.or(copy(threads.get(thread)));
        Step step = new Step(steps.size(), call, thread, labels.getOrDefault(thread, -1), address, bytes, before);
        steps.add(step);
        BitSet after = copy(before);
        after.set(step.id());
        streams.put(stream, after);
    }

    private static BitSet copy(@Nullable BitSet some) {
        return some == null ? new BitSet() : (BitSet) some.clone();
    }

    private static <K> void join(Map<K, BitSet> all, K key, @Nullable BitSet more) {
        BitSet joined = copy(all.get(key));
        joined.or(copy(more));
        all.put(key, joined);
    }
}
