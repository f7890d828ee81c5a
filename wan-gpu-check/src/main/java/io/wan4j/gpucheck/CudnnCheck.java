package io.wan4j.gpucheck;

import io.wan4j.cuda.LibraryTable;
import io.wan4j.cuda.library.Cudnn;

/** Attention over one context, or convolutions, by cuDNN, where the machine has it, as the backend would use it. */
record CudnnCheck(String unit) implements Check {
    private static final String ATTENTION = "attention";

    @Override
    public void run(CheckContext context) {
        if (unit.equals(ATTENTION)) {
            new LibraryCheck("cudnn", "cuDNN", "attention_", one -> LibraryTable.Operation.ATTENTION_BF16)
                    .run(
                            context,
                            Cudnn.find(),
                            context.workload().kernels().attentions().stream()
                                    .filter(named -> named.shape().keys().size() == 1)
                                    .map(KernelCases::attention)
                                    .toList());
            return;
        }
        new LibraryCheck("cudnn", "cuDNN", "convolution_", one -> LibraryTable.Operation.CONVOLUTION_BF16)
                .run(
                        context,
                        Cudnn.find(),
                        KernelCases.Group.CONVOLUTION.cases(context.workload().kernels()));
    }
}
