package io.wan4j.onednn;

import io.wan4j.error.DeviceException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Machine code of attention for heads of one size.
 *
 * @param dim columns of a head
 * @param format of the product q k^T
 * @param attention {@link TileAttentionCode}
 * @param rows {@link TileRowsCode#rows}
 * @param tiles {@link TileRowsCode#tiles}, in INT8
 * @param finish {@link TileRowsCode#finish} for contexts that are neither first nor last, the first, the last, and both
 */
record TileCode(
        int dim,
        OneDnnOptions.Attention format,
        MachineCode attention,
        MachineCode rows,
        @Nullable MachineCode tiles,
        List<MachineCode> finish)
        implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TileCode.class);

    /** Code for heads of this many columns; in BF16 if there is none in the wanted format; empty if there is none at all. */
    static Optional<TileCode> of(int dim, OneDnnOptions.Attention wanted) {
        boolean isThere = TileAttentionCode.takes(dim, wanted) && Machine.hasFlag("avx512vbmi");
        OneDnnOptions.Attention format = isThere ? wanted : OneDnnOptions.Attention.BF16;
        if (!Dnnl.hasAmx() || !TileAttentionCode.takes(dim, format) || !TileRowsCode.takes(dim)) {
            return Optional.empty();
        }
        try {
            boolean bytes = format == OneDnnOptions.Attention.INT8;
            return Optional.of(new TileCode(
                    dim,
                    format,
                    new MachineCode(TileAttentionCode.generate(dim, format)),
                    new MachineCode(TileRowsCode.rows(dim, bytes)),
                    bytes ? new MachineCode(TileRowsCode.tiles(dim)) : null,
                    IntStream.range(0, 4)
                            .mapToObj(i -> new MachineCode(TileRowsCode.finish(dim, i % 2 == 1, i / 2 == 1)))
                            .toList()));
        } catch (DeviceException | LinkageError e) {
            LOG.warn("onednn: attention goes the slower way: {}", e.toString());
            return Optional.empty();
        }
    }

    /** Whether q and k are codes. */
    boolean isCoded() {
        return tiles != null;
    }

    MachineCode finish(boolean first, boolean last) {
        return finish.get((first ? 1 : 0) + (last ? 2 : 0));
    }

    TileExponentials exponentials() {
        return new TileExponentials(format);
    }

    @Override
    public void close() {
        attention.close();
        rows.close();
        finish.forEach(MachineCode::close);
        if (tiles != null) {
            tiles.close();
        }
    }
}
