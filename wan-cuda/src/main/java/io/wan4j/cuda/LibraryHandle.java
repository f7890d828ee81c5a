package io.wan4j.cuda;

import io.wan4j.cuda.library.Probed;
import io.wan4j.error.DeviceException;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A library {@code L} of the user's system and its handle {@code H}; looked for the first time that it could be used. */
final class LibraryHandle<L, H> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LibraryHandle.class);

    private final Supplier<Optional<H>> search;
    private final Consumer<H> end;
    private Optional<H> handle = Optional.empty();
    private boolean searched;

    /**
     * A library that was not looked for yet.
     *
     * @param wanted whether it is worth looking
     * @param source looks
     * @param start makes a handle
     * @param end closes it
     */
    LibraryHandle(boolean wanted, Supplier<Probed<L>> source, Function<L, H> start, Consumer<H> end) {
        this.search = () -> wanted ? open(source.get(), start) : Optional.empty();
        this.end = end;
    }

    private static <L, H> Optional<H> open(Probed<L> probed, Function<L, H> start) {
        if (probed.library().isEmpty()) {
            LOG.info("{}", probed.text());
            return Optional.empty();
        }
        try {
            H opened = start.apply(probed.library().get());
            LOG.info("{} may compute in place of own kernels", probed.text());
            return Optional.of(opened);
        } catch (DeviceException failure) {
            LOG.warn("{} does not start: {}; own kernels compute instead", probed.text(), failure.getMessage());
            return Optional.empty();
        }
    }

    /** The handle, if the library is wanted and can be used. */
    Optional<H> find() {
        if (!searched) {
            searched = true;
            handle = search.get();
        }
        return handle;
    }

    @Override
    public void close() {
        handle.ifPresent(end);
        handle = Optional.empty();
    }
}
