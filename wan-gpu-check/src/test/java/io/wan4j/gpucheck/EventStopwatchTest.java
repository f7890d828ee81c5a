package io.wan4j.gpucheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.error.DeviceException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** With a driver that only writes down what it is asked. */
class EventStopwatchTest {
    private static final long KERNELS = 7;
    private static final long COPIES = 8;

    private final List<String> calls = new ArrayList<>();
    private final WatchedDriver watched = new WatchedDriver((CudaDriver) Proxy.newProxyInstance(
            CudaDriver.class.getClassLoader(), new Class<?>[] {CudaDriver.class}, (proxy, method, arguments) -> {
                String name = method.getName();
                calls.add(name.equals("recordEvent") ? name + " " + arguments[1] : name);
                return switch (name) {
                    case "createEvent", "createStream" -> 1L;
                    case "elapsedMillis" -> 2.5f;
                    default -> null;
                };
            }));

    private void graph(long stream) {
        watched.driver().launchGraph(1, stream);
    }

    @Test
    void marksGoIntoTheStreamOfTheKernelsAndNotIntoTheOneMadeLast() {
        graph(KERNELS);
        watched.driver().createStream();
        calls.clear();
        try (EventStopwatch stopwatch = new EventStopwatch(watched)) {
            calls.clear();
            assertThat(stopwatch.millis(() -> graph(KERNELS))).isEqualTo(2.5);
        }
        assertThat(calls)
                .startsWith("recordEvent 7", "launchGraph", "recordEvent 7", "synchronizeEvent", "elapsedMillis");
    }

    @Test
    void workInAnotherStreamIsNotTimed() {
        graph(KERNELS);
        try (EventStopwatch stopwatch = new EventStopwatch(watched)) {
            assertThatThrownBy(() -> stopwatch.millis(() -> graph(COPIES)))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("1 in others");
        }
    }

    @Test
    void withoutAKernelThereIsNothingToTime() {
        assertThatThrownBy(() -> new EventStopwatch(watched)).isInstanceOf(IllegalStateException.class);
    }
}
