package io.wan4j.cuda;

import static io.wan4j.cuda.DeviceStorage.address;

import io.wan4j.cuda.library.Cudnn;
import io.wan4j.cuda.library.CudnnAttention;
import io.wan4j.cuda.library.CudnnHandle;
import io.wan4j.error.DeviceException;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * BF16 attention over one context by the user's cuDNN, as an alternative to {@link AttentionKernels}. What the library
 * does not offer is said once in the log and computed by our kernels.
 */
final class LibraryAttention implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LibraryAttention.class);

    private final Scratch scratch;
    private final LibraryPolicy policy;
    private final LibraryHandle<Cudnn, CudnnHandle> library;
    private final Map<Key, Optional<CudnnAttention>> plans = new HashMap<>();

    LibraryAttention(Scratch scratch, LibraryPolicy policy, LibraryHandle<Cudnn, CudnnHandle> library) {
        this.scratch = scratch;
        this.policy = policy;
        this.library = library;
    }

    private record Key(CudnnAttention.Problem problem, float scale) {}

    /** Computes it if the library is to do it and offers it; else nothing, and the answer is false. */
    boolean run(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        if (contexts.size() != 1 || spec.bias().isPresent() || q.format() != Format.BF16) {
            return false;
        }
        KeyValue context = contexts.get(0);
        CudnnAttention.Problem problem = new CudnnAttention.Problem(
                q.shape().dim(0),
                context.key().shape().dim(0),
                spec.heads(),
                q.shape().dim(1) / spec.heads());
        double operations = 4.0 * problem.queries() * problem.keys() * problem.heads() * problem.dimension();
        if (problem.keys() == 0
                || problem.dimension() % 8 != 0
                || !Launcher.aligned(address(q), address(context.key()), address(context.value()), address(out))
                || !policy.wants(LibraryTable.Operation.ATTENTION_BF16, operations)
                || library.find().isEmpty()) {
            return false;
        }
        Optional<CudnnAttention> plan = plans.computeIfAbsent(new Key(problem, spec.scale()), key -> prepare(key, q));
        scratch.reset();
        if (plan.isEmpty() || plan.get().workspace() > scratch.left()) {
            return false;
        }
        long space = plan.get().workspace() == 0 ? 0 : scratch.take(plan.get().workspace());
        plan.get().run(address(q), address(context.key()), address(context.value()), address(out), space);
        return true;
    }

    private Optional<CudnnAttention> prepare(Key key, Tensor q) {
        try {
            return Optional.of(library.find().orElseThrow().attention(key.problem(), key.scale()));
        } catch (DeviceException notOffered) {
            LOG.info("attention of {}: own kernels compute it, cuDNN does not: {}", q, notOffered.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        plans.values().forEach(plan -> plan.ifPresent(CudnnAttention::close));
        plans.clear();
    }
}
