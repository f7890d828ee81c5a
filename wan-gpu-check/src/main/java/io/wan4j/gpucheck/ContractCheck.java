package io.wan4j.gpucheck;

import io.wan4j.cuda.CudaSettings;
import io.wan4j.cuda.ProductKernels;
import io.wan4j.cuda.library.CublasLt;
import io.wan4j.cuda.library.Cudnn;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.testkit.ContractCase;
import io.wan4j.testkit.ContractGroup;
import io.wan4j.testkit.ErrorModel;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * One operation of the kernel contract in one format of activations; {@code unit} is for example {@code bf16:linear}, or
 * {@code groups:linear} for products on warp groups, {@code libraries:linear} for products by a library of the machine.
 */
record ContractCheck(String unit) implements Check {
    /** After so many failures in a row the device is most likely lost for this process. */
    private static final int TOO_MANY = 25;

    private static final String HOW_LIBRARIES = ", by libraries where they can";

    private String how(CudaSettings settings) {
        if (CheckContext.needsLibraries(unit)) {
            return HOW_LIBRARIES;
        }
        return settings.products() == ProductKernels.WARP_GROUPS ? ", products on warp groups" : "";
    }

    @Override
    public void run(CheckContext context) {
        ContractGroup group = ContractGroup.valueOf(CheckContext.subject(unit).toUpperCase(Locale.ROOT));
        DeviceOptions options = DeviceOptions.DEFAULT.withFormats(CheckContext.formats(unit));
        if (CheckContext.needsLibraries(unit)
                && CublasLt.find().library().isEmpty()
                && Cudnn.find().library().isEmpty()) {
            context.add(
                    Row.skipped("contract " + group.label() + HOW_LIBRARIES, "neither cuBLASLt nor cuDNN was found"));
            return;
        }
        CudaSettings settings = CheckContext.settings(unit);
        try (Target target = context.open(options, settings)) {
            Device device = target.device();
            List<ContractCase> cases =
                    group.cases(device.formats(), context.workload().size() != Workload.Size.TINY);
            int failed = context.progress().failedBefore();
            int inRow = 0;
            int done = 0;
            for (ContractCase one : cases) {
                done++;
                boolean passed =
                        context.step(one.name(), () -> one.run(device, ErrorModel.of(device.formats()), Set.of()));
                failed += passed ? 0 : 1;
                inRow = passed ? 0 : inRow + 1;
                if (inRow == TOO_MANY) {
                    break;
                }
            }
            context.add(Row.ok("contract " + group.label() + ", "
                            + device.formats().compute() + " activations" + how(settings))
                    .with("cases", cases.size())
                    .with("passed", done - failed)
                    .passedIf(failed == 0));
        }
    }
}
