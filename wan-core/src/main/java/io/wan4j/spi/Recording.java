package io.wan4j.spi;

import io.wan4j.tensor.Tensor;
import java.util.List;

/**
 * Work that is done again and again with the same weights, such as a block of a model. A backend may keep what the work
 * hands over to the device and hand it over again at once instead of doing the work.
 */
public interface Recording extends AutoCloseable {
    /** Does the work each time. */
    Recording PLAIN = new Recording() {
        @Override
        public void run(List<Tensor> operands, Runnable work) {
            work.run();
        }

        @Override
        public void close() {
            // nothing is kept
        }
    };

    /**
     * Does the work, or what it did before with the same operands. The work only calls {@link Kernels} and takes
     * temporaries from the workspace; between calls it differs in nothing but the operands' contents.
     *
     * @param operands all tensors that the work reads or writes and that are not the same ones in every call
     */
    void run(List<Tensor> operands, Runnable work);

    /** Frees what is kept. Closing twice is harmless. */
    @Override
    void close();
}
