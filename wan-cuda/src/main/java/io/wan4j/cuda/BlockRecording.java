package io.wan4j.cuda;

import io.wan4j.spi.Recording;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Storage;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Work as a graph for each set of operands that it was done with lately. The first time it is just done, which loads its
 * kernels and takes its memory: neither can be recorded. The second time it is recorded, and from then on the graph runs.
 */
final class BlockRecording implements Recording {
    /** Two prompts of a guided generation, and those of the one before. */
    private static final int MOST_GRAPHS = 4;

    private final BlockGraphs graphs;
    private final Map<Signature, Known> known = new LinkedHashMap<>(8, 0.75f, true);

    BlockRecording(BlockGraphs graphs) {
        this.graphs = graphs;
    }

    /** Where everything lies that the work touches besides the weights. */
    private record Signature(long mark, List<Place> places) {}

    private record Place(Shape shape, Format format, Storage storage) {
        static Place of(Tensor tensor) {
            return new Place(tensor.shape(), tensor.format(), tensor.storage());
        }
    }

    /**
     * Work that was done.
     *
     * @param highWater bytes of the workspace that it reached
     * @param graph 0 as long as there is none
     */
    private record Known(long highWater, long graph) {}

    @Override
    public void run(List<Tensor> operands, Runnable work) {
        if (!graphs.isUsable()) {
            work.run();
            return;
        }
        Signature signature = new Signature(
                graphs.workspace().mark(), operands.stream().map(Place::of).toList());
        Known before = known.get(signature);
        if (before == null) {
            remember(signature, new Known(graphs.workspace().highWater(work), 0));
            return;
        }
        Known recorded = before.graph() == 0 ? record(signature, before, work) : before;
        if (recorded == null) {
            work.run();
            return;
        }
        graphs.workspace().reach(recorded.highWater());
        graphs.launch(recorded.graph());
    }

    private @Nullable Known record(Signature signature, Known before, Runnable work) {
        graphs.workspace().reach(before.highWater());
        OptionalLong graph = graphs.capture(work);
        if (graph.isEmpty()) {
            return null;
        }
        Known recorded = new Known(before.highWater(), graph.getAsLong());
        known.put(signature, recorded);
        return recorded;
    }

    private void remember(Signature signature, Known fresh) {
        known.put(signature, fresh);
        if (known.size() > MOST_GRAPHS) {
            Signature oldest = known.keySet().iterator().next();
            destroy(List.of(Objects.requireNonNull(known.remove(oldest))));
        }
    }

    private void destroy(List<Known> some) {
        List<Long> recorded =
                some.stream().map(Known::graph).filter(graph -> graph != 0).toList();
        if (!recorded.isEmpty()) {
            graphs.destroy(recorded);
        }
    }

    @Override
    public void close() {
        destroy(new ArrayList<>(known.values()));
        known.clear();
        graphs.closed(this);
    }
}
