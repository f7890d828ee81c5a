package io.wan4j.cuda;

import static io.wan4j.cuda.DeviceStorage.address;

import io.wan4j.cuda.library.Cudnn;
import io.wan4j.cuda.library.CudnnHandle;
import io.wan4j.cuda.library.Probed;
import io.wan4j.error.DeviceException;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * BF16 attention over one context by the user's cuDNN, as an alternative to {@link AttentionKernels}. What the library
 * does not offer is said once in the log and computed by our kernels.
 */
final class LibraryAttention implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LibraryAttention.class);

    private final Launcher launcher;
    private final Scratch scratch;
    private final LibraryPolicy policy;
    private final Supplier<Probed<Cudnn>> source;
    private final Map<Key, Optional<CudnnHandle.Attention>> plans = new HashMap<>();
    private Optional<CudnnHandle> handle = Optional.empty();
    private boolean searched;

    LibraryAttention(Launcher launcher, Scratch scratch, LibraryPolicy policy, Supplier<Probed<Cudnn>> source) {
        this.launcher = launcher;
        this.scratch = scratch;
        this.policy = policy;
        this.source = source;
    }

    private record Key(CudnnHandle.Problem problem, float scale) {}

    private Optional<CudnnHandle> found() {
        if (!searched) {
            searched = true;
            handle = policy.looks() ? open() : Optional.empty();
        }
        return handle;
    }

    private Optional<CudnnHandle> open() {
        Probed<Cudnn> probed = source.get();
        if (probed.library().isEmpty()) {
            LOG.info("{}", probed.text());
            return Optional.empty();
        }
        try {
            CudnnHandle opened = probed.library().get().open(launcher.stream());
            LOG.info("attention may be computed by {}", probed.text());
            return Optional.of(opened);
        } catch (DeviceException failure) {
            LOG.warn("{} does not start: {}; own kernels compute instead", probed.text(), failure.getMessage());
            return Optional.empty();
        }
    }

    /** Computes it if the library is to do it and offers it; else nothing, and the answer is false. */
    boolean run(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        if (contexts.size() != 1 || spec.bias().isPresent() || q.format() != Format.BF16) {
            return false;
        }
        KeyValue context = contexts.get(0);
        CudnnHandle.Problem problem = new CudnnHandle.Problem(
                q.shape().dim(0),
                context.key().shape().dim(0),
                spec.heads(),
                q.shape().dim(1) / spec.heads());
        double operations = 4.0 * problem.queries() * problem.keys() * problem.heads() * problem.dimension();
        if (problem.keys() == 0
                || problem.dimension() % 8 != 0
                || !Launcher.aligned(address(q), address(context.key()), address(context.value()), address(out))
                || !policy.wants(LibraryTable.Operation.ATTENTION_BF16, operations)
                || found().isEmpty()) {
            return false;
        }
        Optional<CudnnHandle.Attention> plan =
                plans.computeIfAbsent(new Key(problem, spec.scale()), key -> prepare(key, q));
        scratch.reset();
        if (plan.isEmpty() || plan.get().workspace() > scratch.left()) {
            return false;
        }
        long space = plan.get().workspace() == 0 ? 0 : scratch.take(plan.get().workspace());
        plan.get().run(address(q), address(context.key()), address(context.value()), address(out), space);
        return true;
    }

    private Optional<CudnnHandle.Attention> prepare(Key key, Tensor q) {
        try {
            return Optional.of(handle.orElseThrow().attention(key.problem(), key.scale()));
        } catch (DeviceException notOffered) {
            LOG.info("attention of {}: own kernels compute it, cuDNN does not: {}", q, notOffered.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        plans.values().forEach(plan -> plan.ifPresent(CudnnHandle.Attention::close));
        plans.clear();
        handle.ifPresent(CudnnHandle::close);
        handle = Optional.empty();
    }
}
