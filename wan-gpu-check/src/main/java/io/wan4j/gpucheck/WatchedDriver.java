package io.wan4j.gpucheck;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.cuda.driver.Launch;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A driver that passes every call on and notes into which stream kernels go and how much device memory is
 * held.
 */
final class WatchedDriver implements InvocationHandler {
    private final CudaDriver inner;
    private final CudaDriver watched;
    private final Map<Long, Long> blocks = new HashMap<>();
    private final Map<Long, Long> launches = new HashMap<>();
    private final Map<Object, String> names = new HashMap<>();
    private final Set<String> kernels = new HashSet<>();
    private long stream;
    private long held;
    private long peak;

    WatchedDriver(CudaDriver inner) {
        this.inner = inner;
        this.watched = (CudaDriver)
                Proxy.newProxyInstance(CudaDriver.class.getClassLoader(), new Class<?>[] {CudaDriver.class}, this);
    }

    /** The driver to use. */
    CudaDriver driver() {
        return watched;
    }

    /** The stream that the last kernel went into; 0 before the first. */
    synchronized long stream() {
        return stream;
    }

    /** Kernels and graphs that went into streams other than this one. */
    synchronized long launchesBeside(long own) {
        return launches.entrySet().stream()
                .filter(entry -> entry.getKey() != own)
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    /** Forgets which kernels were started. */
    synchronized void forgetKernels() {
        kernels.clear();
    }

    /** Whether a kernel whose name starts so was started since {@link #forgetKernels}. */
    synchronized boolean started(String prefix) {
        return kernels.stream().anyMatch(name -> name.startsWith(prefix));
    }

    /** Bytes of device memory that are held now. */
    synchronized long held() {
        return held;
    }

    /** Most bytes of device memory that were held at once. */
    synchronized long peak() {
        return peak;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        Object result;
        try {
            result = method.invoke(inner, arguments);
        } catch (InvocationTargetException failure) {
            throw failure.getCause() == null ? failure : failure.getCause();
        }
        note(method.getName(), arguments, result);
        return result;
    }

    private synchronized void note(String call, Object[] arguments, Object result) {
        switch (call) {
            case "launch", "launchGraph" -> {
                stream = (Long) arguments[1];
                launches.merge(stream, 1L, Long::sum);
                if (arguments[0] instanceof Launch launch) {
                    kernels.add(names.getOrDefault(launch.function(), ""));
                }
            }
            case "function" -> names.put(result, (String) arguments[1]);
            case "tryAllocate" ->
                ((OptionalLong) result).ifPresent(address -> {
                    blocks.put(address, (Long) arguments[0]);
                    take((Long) arguments[0]);
                });
            case "free" -> {
                Long bytes = blocks.remove(arguments[0]);
                take(bytes == null ? 0 : -bytes);
            }
            case "tryCommit" -> take(((OptionalLong) result).isPresent() ? (Long) arguments[1] : 0);
            case "decommit" -> take(-(Long) arguments[1]);
            default -> {}
        }
    }

    private void take(long bytes) {
        held += bytes;
        peak = Math.max(peak, held);
    }
}
