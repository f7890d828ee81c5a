package io.wan4j.bench;

import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.DeviceProvider;
import io.wan4j.testkit.WanShapes.Named;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.ServiceLoader;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A device, and what a benchmark opens on it; closed after the trial. */
@State(Scope.Benchmark)
public class KernelState {
    /** Name of the device. */
    @Param("onednn")
    public String device = "onednn";

    /** Threads of the device. */
    @Param("2")
    public int threads = 2;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /** For JMH, which sets the fields. */
    public KernelState() {}

    /** Opens the device, to be closed at the end. */
    final Device open() {
        Device found = ServiceLoader.load(DeviceProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> provider.name().equals(device))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("device: expected onednn or reference, got " + device))
                .open(DeviceOptions.DEFAULT.withThreads(threads));
        return closeLater(found);
    }

    /** Has something closed after the trial, before what was opened earlier. */
    final <T extends AutoCloseable> T closeLater(T resource) {
        opened.push(resource);
        return resource;
    }

    /** The size of this name. */
    static <S> S named(List<Named<S>> sizes, String name) {
        return sizes.stream()
                .filter(size -> size.name().equals(name))
                .map(Named::shape)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no size named " + name + " in " + sizes));
    }

    /** Closes everything. */
    @TearDown(Level.Trial)
    public void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }
}
