package io.wan4j.cuda.library;

import io.wan4j.cuda.library.CudnnGraph.Layout;
import io.wan4j.tensor.Format;

/** One frame of a 3-D convolution with bias by cuDNN, ready to run any number of times. Sums and bias are F32. */
public final class CudnnConvolution implements AutoCloseable {
    // cudnnBackendDescriptorType_t
    private static final int POINTWISE = 0;
    private static final int CONVOLUTION = 1;
    private static final int OPERATION_CONVOLUTION_FORWARD = 10;
    private static final int OPERATION_POINTWISE = 13;

    // cudnnBackendAttributeName_t
    private static final int POINTWISE_MODE = 0;
    private static final int POINTWISE_PRECISION = 1;
    private static final int CONVOLUTION_TYPE = 100;
    private static final int CONVOLUTION_MODE = 101;
    private static final int CONVOLUTION_DILATIONS = 102;
    private static final int CONVOLUTION_STRIDES = 103;
    private static final int CONVOLUTION_AFTER = 104;
    private static final int CONVOLUTION_BEFORE = 105;
    private static final int CONVOLUTION_DIMENSIONS = 106;
    private static final int FORWARD_ALPHA = 700;
    private static final int FORWARD_BETA = 701;
    private static final int FORWARD_CONVOLUTION = 702;
    private static final int FORWARD_W = 703;
    private static final int FORWARD_X = 704;
    private static final int FORWARD_Y = 705;
    private static final int SUM_MODE = 750;
    private static final int SUM_LEFT = 751;
    private static final int SUM_RIGHT = 752;
    private static final int SUM_RESULT = 753;

    private static final int ADD = 0;
    private static final int CROSS_CORRELATION = 1;
    private static final long[] IDS = {1, 2, 3, 4};
    private static final long BETWEEN = 5;

    private final CudnnGraph graph;

    CudnnConvolution(Cudnn library, long handle) {
        this.graph = new CudnnGraph(library, handle);
    }

    /**
     * A convolution of as many input frames as the kernel has taps in time, so of one output frame.
     *
     * @param in BF16 [frames, height, width, channels]
     * @param filter BF16 [out channels, frames, space, space, channels]
     * @param padding zeros around height and width
     * @param out [height, width, channels], BF16 or F32
     */
    public record Problem(Input in, Filter filter, Padding padding, Output out) {}

    /**
     * Input.
     *
     * @param frames count
     * @param height rows
     * @param width columns
     * @param channels count
     * @param frameStride elements from frame to frame
     */
    public record Input(long frames, long height, long width, long channels, long frameStride) {}

    /**
     * Weights.
     *
     * @param space extent in height and width
     * @param stride in height and width
     * @param rowStride elements from output channel to output channel
     */
    public record Filter(long space, long stride, long rowStride) {}

    /** Rows and columns of zeros. */
    public record Padding(long top, long bottom, long left, long right) {}

    /** One frame of the result. */
    public record Output(long height, long width, long channels, Format format) {}

    void prepare(Problem problem) {
        Input in = problem.in();
        Filter filter = problem.filter();
        Output out = problem.out();
        long taps = filter.space() * filter.space() * in.channels();
        CudnnDescriptor x = graph.tensor(
                IDS[0],
                Format.BF16,
                Layout.channelsLast(in.channels(), in.frames(), in.height(), in.width(), in.frameStride()));
        CudnnDescriptor w = graph.tensor(
                IDS[1],
                Format.BF16,
                new Layout(
                        new long[] {out.channels(), in.channels(), in.frames(), filter.space(), filter.space()},
                        new long[] {filter.rowStride(), 1, taps, filter.space() * in.channels(), in.channels()}));
        CudnnDescriptor bias =
                graph.tensor(IDS[2], Format.F32, Layout.channelsLast(out.channels(), 1, 1, 1, out.channels()));
        Layout result = Layout.channelsLast(
                out.channels(), 1, out.height(), out.width(), out.height() * out.width() * out.channels());
        CudnnDescriptor y = graph.tensor(IDS[3], out.format(), result);
        CudnnDescriptor product = graph.between(BETWEEN, Format.F32, result);
        graph.plan(problem, forward(problem, x, w, product), sum(product, bias, y));
    }

    private CudnnDescriptor forward(Problem problem, CudnnDescriptor x, CudnnDescriptor w, CudnnDescriptor y) {
        Padding padding = problem.padding();
        long stride = problem.filter().stride();
        CudnnDescriptor convolution = graph.make(CONVOLUTION)
                .dataType(CONVOLUTION_TYPE, CudnnGraph.TYPE_F32)
                .convolutionMode(CONVOLUTION_MODE, CROSS_CORRELATION)
                .numbers(CONVOLUTION_DIMENSIONS, 3)
                .numbers(CONVOLUTION_DILATIONS, 1, 1, 1)
                .numbers(CONVOLUTION_STRIDES, 1, stride, stride)
                .numbers(CONVOLUTION_BEFORE, 0, padding.top(), padding.left())
                .numbers(CONVOLUTION_AFTER, 0, padding.bottom(), padding.right())
                .complete();
        return graph.make(OPERATION_CONVOLUTION_FORWARD)
                .link(FORWARD_CONVOLUTION, convolution)
                .link(FORWARD_X, x)
                .link(FORWARD_W, w)
                .link(FORWARD_Y, y)
                .factor(FORWARD_ALPHA, 1)
                .factor(FORWARD_BETA, 0)
                .complete();
    }

    private CudnnDescriptor sum(CudnnDescriptor left, CudnnDescriptor right, CudnnDescriptor result) {
        CudnnDescriptor add = graph.make(POINTWISE)
                .pointwiseMode(POINTWISE_MODE, ADD)
                .dataType(POINTWISE_PRECISION, CudnnGraph.TYPE_F32)
                .complete();
        return graph.make(OPERATION_POINTWISE)
                .link(SUM_MODE, add)
                .link(SUM_LEFT, left)
                .link(SUM_RIGHT, right)
                .link(SUM_RESULT, result)
                .complete();
    }

    /** Bytes of device memory that a run needs. */
    public long workspace() {
        return graph.workspace();
    }

    /**
     * Starts it; all addresses are multiples of 16.
     *
     * @param x first element of the input
     * @param w first element of the weights
     * @param bias F32, one an output channel
     * @param y first element of the result
     * @param space as many bytes as {@link #workspace}
     */
    public void run(long x, long w, long bias, long y, long space) {
        graph.run(IDS, new long[] {x, w, bias, y}, space);
    }

    @Override
    public void close() {
        graph.close();
    }
}
