package io.wan4j.cuda.library;

import io.wan4j.cuda.driver.DriverCalls;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The answer to a search for a library, which never ends the JVM.
 *
 * @param library ready for calls; empty if it cannot be used
 * @param text one line: what was found, or why it cannot be used and the remedy
 */
public record Probed<T>(Optional<T> library, String text) {
    static <T> Probed<T> found(T library, String text) {
        return new Probed<>(Optional.of(library), text);
    }

    static <T> Probed<T> missing(String text) {
        return new Probed<>(Optional.empty(), text);
    }

    /**
     * What a library must have.
     *
     * @param name as users know it
     * @param versionFunction gives the version
     * @param oldest version that will do
     * @param readable a version as users know it
     * @param functions that are called
     */
    record Wanted(
            String name,
            String versionFunction,
            int oldest,
            Function<Integer, String> readable,
            List<String> functions) {}

    /** Opens a library and looks for everything that is wanted before anything but the version is called. */
    static <T> Probed<T> probe(Wanted wanted, Supplier<DriverCalls> open, Function<DriverCalls, T> make) {
        DriverCalls calls;
        try {
            calls = open.get();
        } catch (LinkageError failure) {
            return missing(wanted.name + ": not found: " + failure.getMessage()
                    + "; install it to have it as an alternative, own kernels do without");
        }
        Optional<String> lacks = Stream.concat(Stream.of(wanted.versionFunction), wanted.functions.stream())
                .filter(function -> !calls.has(function))
                .findFirst();
        if (lacks.isPresent()) {
            return missing(wanted.name + ": lacks " + lacks.get() + "; update it, own kernels do without");
        }
        int version = calls.call(wanted.versionFunction);
        if (version < wanted.oldest) {
            return missing(wanted.name + ": expected version " + wanted.readable.apply(wanted.oldest)
                    + " or later, got " + wanted.readable.apply(version) + "; update it, own kernels do without");
        }
        return found(make.apply(calls), wanted.name + " " + wanted.readable.apply(version));
    }
}
