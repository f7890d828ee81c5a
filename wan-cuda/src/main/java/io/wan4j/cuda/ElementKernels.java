package io.wan4j.cuda;

import static io.wan4j.cuda.DeviceStorage.address;
import static io.wan4j.cuda.Launcher.name;

import io.wan4j.cuda.driver.KernelArguments;
import io.wan4j.spi.Activation;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Kernels without arithmetic between rows: pointwise, layout, tables. */
final class ElementKernels {
    private static final int THREADS = 256;

    private final Launcher launcher;
    private final Scratch scratch;
    private final Staging staging;

    ElementKernels(Launcher launcher, Scratch scratch, Staging staging) {
        this.launcher = launcher;
        this.scratch = scratch;
        this.staging = staging;
    }

    private void launch(String file, String suffix, long items, KernelArguments arguments, Object what) {
        if (items > 0) {
            int threads = (int) Math.min(THREADS, (items + 31) / 32 * 32);
            launcher.launch(
                    Launcher.Call.of(file, file + suffix, Launcher.blocks(items, threads), threads), arguments, what);
        }
    }

    void gather(Tensor table, int[] ids, Tensor out) {
        if (ids.length == 0) {
            return;
        }
        scratch.reset();
        ByteBuffer bytes = ByteBuffer.allocate(ids.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(ids);
        long onDevice = scratch.take(bytes.capacity());
        staging.upload(onDevice, bytes, bytes.capacity());
        int columns = Math.toIntExact(table.shape().columns());
        KernelArguments arguments = new KernelArguments()
                .pointer(address(table))
                .pointer(onDevice)
                .pointer(address(out))
                .int32(columns);
        int threads = Math.min(THREADS, (columns + 31) / 32 * 32);
        launcher.launch(
                Launcher.Call.of(
                        "gather", "gather_" + name(table.format()) + "_" + name(out.format()), ids.length, threads),
                arguments,
                table);
    }

    void activate(Tensor x, Activation activation, Tensor out) {
        long count = x.shape().count();
        boolean vector = isVector(count, x, out);
        KernelArguments arguments = new KernelArguments()
                .pointer(address(x))
                .pointer(address(out))
                .int64(count)
                .int32(vector ? 1 : 0)
                .int32(id(activation));
        launch("activate", "_" + name(x.format()), vector ? count / 8 : count, arguments, x);
    }

    /** The number of an activation in the kernels. */
    static int id(Activation activation) {
        return switch (activation) {
            case IDENTITY -> 0;
            case SILU -> 1;
            case GELU_TANH -> 2;
            case GELU_ERF -> 3;
        };
    }

    private static boolean isVector(long count, Tensor x, Tensor out) {
        return count % 8 == 0 && Launcher.aligned(address(x), address(out));
    }

    void copy(Tensor x, Tensor out) {
        long count = x.shape().count();
        if (count == 0) {
            return;
        }
        if (x.format() == out.format()) {
            launcher.driver().copyOnDevice(address(out), address(x), x.bytes(), launcher.stream());
            return;
        }
        boolean vector = isVector(count, x, out);
        KernelArguments arguments = new KernelArguments()
                .pointer(address(x))
                .pointer(address(out))
                .int64(count)
                .int32(vector ? 1 : 0);
        launch("copy", "_" + name(x.format()) + "_" + name(out.format()), vector ? count / 8 : count, arguments, x);
    }

    void modulation(Tensor parameter, Tensor time, Tensor out) {
        long count = out.shape().count();
        KernelArguments arguments = new KernelArguments()
                .pointer(address(parameter))
                .pointer(address(time))
                .pointer(address(out))
                .int32(count)
                .int32(time.shape().count());
        launch("modulation", "", count, arguments, parameter);
    }

    void patchify(List<Tensor> parts, Tensor out) {
        int first = 0;
        for (Tensor part : parts) {
            Shape shape = part.shape();
            KernelArguments arguments = new KernelArguments()
                    .pointer(address(part))
                    .pointer(address(out))
                    .int64(shape.count())
                    .int32(shape.dim(1))
                    .int32(shape.dim(2))
                    .int32(shape.dim(3))
                    .int32(first)
                    .int32(out.shape().columns());
            launch("patchify", "_" + name(out.format()), shape.count(), arguments, part);
            first += Math.toIntExact(4 * shape.dim(0));
        }
    }

    void unpatchify(Tensor tokens, Tensor out) {
        Shape shape = out.shape();
        KernelArguments arguments = new KernelArguments()
                .pointer(address(tokens))
                .pointer(address(out))
                .int64(shape.count())
                .int32(shape.dim(0))
                .int32(shape.dim(1))
                .int32(shape.dim(2))
                .int32(shape.dim(3));
        launch("unpatchify", "_" + name(tokens.format()), shape.count(), arguments, tokens);
    }

    void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
        long columns = x.shape().columns();
        if (x.shape().count() == 0) {
            return;
        }
        boolean vector = columns % 8 == 0 && Launcher.aligned(address(x), address(out), address(gamma));
        KernelArguments arguments = new KernelArguments()
                .pointer(address(x))
                .pointer(address(gamma))
                .pointer(address(out))
                .int64(x.shape().rows())
                .int32(columns)
                .int32(vector ? 1 : 0)
                .int32(id(activation));
        String suffix = "_" + name(x.format()) + "_" + name(out.format());
        launch("channel_norm", suffix, 32 * x.shape().rows(), arguments, x);
    }

    /** The largest piece of 16, 4 or 2 bytes in which {@code bytes} can be moved between these tensors. */
    private static int piece(long bytes, Tensor x, Tensor out) {
        long all = bytes | address(x) | address(out);
        return all % 16 == 0 ? 16 : all % 4 == 0 ? 4 : 2;
    }

    void upsample(Tensor x, Tensor out) {
        long pixel = x.shape().dim(3) * x.format().bytes();
        int piece = piece(pixel, x, out);
        KernelArguments arguments = new KernelArguments()
                .pointer(address(x))
                .pointer(address(out))
                .int64(out.bytes() / piece)
                .int32(x.shape().dim(1))
                .int32(x.shape().dim(2))
                .int32(pixel / piece);
        launch("upsample", "_" + piece, out.bytes() / piece, arguments, x);
    }

    void interleaveFrames(Tensor x, Tensor out) {
        long pixel = out.shape().dim(3) * x.format().bytes();
        int piece = piece(pixel, x, out);
        KernelArguments arguments = new KernelArguments()
                .pointer(address(x))
                .pointer(address(out))
                .int64(out.bytes() / piece)
                .int64(x.shape().dim(1) * x.shape().dim(2))
                .int32(pixel / piece);
        launch("interleave_frames", "_" + piece, out.bytes() / piece, arguments, x);
    }

    void channelsLast(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        long channels = x.shape().dim(0);
        long positions = x.shape().count() / Math.max(1, channels);
        KernelArguments arguments =
                affine(x, scale, shift, out).int64(positions).int32(channels);
        launch("channels_last", "_" + name(x.format()) + "_" + name(out.format()), positions, arguments, x);
    }

    void channelsFirst(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        long inChannels = x.shape().columns();
        long positions = x.shape().rows();
        KernelArguments arguments = affine(x, scale, shift, out)
                .int64(positions)
                .int32(out.shape().dim(0))
                .int32(inChannels);
        launch("channels_first", "_" + name(x.format()) + "_" + name(out.format()), positions, arguments, x);
    }

    private static KernelArguments affine(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        return new KernelArguments()
                .pointer(address(x))
                .pointer(address(scale))
                .pointer(address(shift))
                .pointer(address(out));
    }

    boolean allFinite(Tensor x) {
        long count = x.shape().count();
        if (count == 0 || !x.format().isFloat()) {
            return true;
        }
        scratch.reset();
        long found = scratch.take(Integer.BYTES);
        launcher.driver().fill(found, (byte) 0, Integer.BYTES, launcher.stream());
        KernelArguments arguments = new KernelArguments()
                .pointer(address(x))
                .int64(count)
                .int32(exponentMask(x.format()))
                .pointer(found);
        long threads = Math.min(count, 4L * launcher.multiprocessors() * THREADS);
        launch("all_finite", "_" + x.format().bytes(), threads, arguments, x);
        ByteBuffer result = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        staging.download(found, result, Integer.BYTES);
        return result.getInt(0) == 0;
    }

    private static int exponentMask(Format format) {
        return switch (format) {
            case F32 -> 0x7f800000;
            case BF16 -> 0x7f80;
            case F16 -> 0x7c00;
            case F8_E4M3 -> 0x7f;
            case F8_E5M2 -> 0x7c;
            default -> throw new IllegalArgumentException("allFinite: no kernel takes " + format);
        };
    }
}
