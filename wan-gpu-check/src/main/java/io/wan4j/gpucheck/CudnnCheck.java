package io.wan4j.gpucheck;

import io.wan4j.cuda.library.Cudnn;

/** Attention over one context by cuDNN, where the machine has it, as the backend would use it. */
final class CudnnCheck implements Check {
    @Override
    public void run(CheckContext context) {
        new LibraryCheck("cudnn", "cuDNN", "attention_")
                .run(
                        context,
                        Cudnn.find(),
                        context.workload().kernels().attentions().stream()
                                .filter(named -> named.shape().keys().size() == 1)
                                .map(KernelCases::attention)
                                .toList());
    }
}
