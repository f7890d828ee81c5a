package io.wan4j.onednn;

import io.wan4j.error.DeviceException;
import io.wan4j.onednn.TileConvolutionCode.Result;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Epilogue;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Convolutions in own machine code for BF16 where the processor has AMX: of stride 1 and whole groups of 32 channels. A
 * patch of all frames that an output frame sees is copied with its borders into the second cache and multiplied there.
 */
final class TileConvolution implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TileConvolution.class);
    private static final long WIDTH = 64;
    private static final long HEIGHT = 16;
    /** Bytes of a patch, so that the weights of a group have room beside it. */
    private static final long PATCH = 1_300_000;

    private final Workers workers;
    private final Map<TileConvolutionCode.Key, Optional<MachineCode>> codes = new HashMap<>();

    TileConvolution(Workers workers) {
        this.workers = workers;
    }

    /** One call's operands, shared by its tasks. */
    record Call(Frames frames, Convolution layer, TileConvolutionWeight order, long weight, Tensor out) {
        long pixelBytes() {
            return (long) order.in() * Short.BYTES;
        }

        /** Taps in time before the first frame that exists. */
        int missing() {
            return Math.toIntExact(layer.missingFrames(frames.count()));
        }

        /** Frames that an output frame sees. */
        int seen() {
            return order.time() - missing();
        }
    }

    /** Output pixels of one frame. */
    record Area(long frame, long row, long rows, long column, long columns) {}

    /**
     * Computes if it can.
     *
     * @return whether it did
     */
    boolean run(Tensor past, Tensor x, Convolution layer, Epilogue epilogue, Tensor out) {
        boolean add = epilogue instanceof Epilogue.AddTo;
        boolean taken = x.format() == Format.BF16
                && !(add && out.format() == Format.BF16)
                && layer.in() % TileConvolutionCode.BLOCK == 0
                && layer.out() % TileConvolutionCode.BLOCK == 0
                && layer.geometry().strideSpace() == 1
                && ((Dense) layer.weight()).values().storage() instanceof ConvolutionWeight;
        if (!taken) {
            return false;
        }
        Result result = add ? Result.ADD_TO_F32 : out.format() == Format.F32 ? Result.F32 : Result.BF16;
        TileConvolutionWeight order = TileConvolutionWeight.of(layer);
        TileConvolutionCode.Key key = new TileConvolutionCode.Key(
                order.space(), order.slices(), Math.toIntExact(layer.in() * Short.BYTES), result);
        Optional<MachineCode> code = codes.computeIfAbsent(key, TileConvolution::generate);
        if (code.isEmpty()) {
            return false;
        }
        ConvolutionWeight weight =
                (ConvolutionWeight) ((Dense) layer.weight()).values().storage();
        Frames frames = new Frames(past, x, Format.BF16);
        patches(new Call(frames, layer, order, weight.tiles(workers, order), out), code.get());
        return true;
    }

    private static Optional<MachineCode> generate(TileConvolutionCode.Key key) {
        if (!Dnnl.hasAmx()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new MachineCode(TileConvolutionCode.generate(key)));
        } catch (DeviceException | LinkageError e) {
            LOG.warn("onednn: convolutions go the slower way: {}", e.toString());
            return Optional.empty();
        }
    }

    /** Cuts the result into areas by the shapes alone. */
    private void patches(Call call, MachineCode code) {
        Shape out = call.out().shape();
        int borders = call.order().space() - 1;
        long across = (out.dim(2) + WIDTH - 1) / WIDTH;
        long columns = (out.dim(2) + across - 1) / across;
        long line = (columns + borders) * call.pixelBytes() * call.seen();
        long most = Math.max(1, Math.min(HEIGHT, PATCH / line - borders));
        long down = (out.dim(1) + most - 1) / most;
        long rows = (out.dim(1) + down - 1) / down;
        workers.run(Math.toIntExact(out.dim(0) * down * across), (worker, i) -> {
            long row = i / across % down * rows;
            long column = i % across * columns;
            long height = Math.min(rows, out.dim(1) - row);
            long width = Math.min(columns, out.dim(2) - column);
            if (height > 0 && width > 0) {
                Area area = new Area(i / across / down, row, height, column, width);
                new TilePatch(worker, call, area).run(code);
            }
        });
    }

    @Override
    public void close() {
        codes.values().forEach(code -> code.ifPresent(MachineCode::close));
        codes.clear();
    }
}
