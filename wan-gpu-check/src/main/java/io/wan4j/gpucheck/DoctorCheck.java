package io.wan4j.gpucheck;

import io.wan4j.cuda.library.CublasLt;
import io.wan4j.cuda.library.Cudnn;
import io.wan4j.cuda.library.Probed;

/** The device, or why it cannot be used; what else is on this machine. */
final class DoctorCheck implements Check {
    @Override
    public void run(CheckContext context) {
        context.add(Row.ok("java " + System.getProperty("java.version"))
                .with("os", System.getProperty("os.name") + " " + System.getProperty("os.version"))
                .with("processors", Runtime.getRuntime().availableProcessors()));
        context.add(NvidiaSmi.row());
        try (Target target = context.open()) {
            Row row = Row.ok("device")
                    .with("name", target.device().name())
                    .with("description", target.device().description())
                    .with(
                            "available",
                            CheckContext.gibibytes(target.device().memory().available()));
            if (target.gpu().isPresent()) {
                Target.Gpu gpu = target.gpu().get();
                row = row.with("gpu", gpu.info().name())
                        .with("capability", gpu.info().capability().toString())
                        .with("driverCuda", gpu.calls().version());
            }
            context.add(row);
        }
        Probed<CublasLt> cublasLt = CublasLt.find();
        context.add(
                cublasLt.library().isPresent()
                        ? Row.ok("cublasLt").with("version", cublasLt.text())
                        : Row.skipped("cublasLt", cublasLt.text()));
        Probed<Cudnn> cudnn = Cudnn.find();
        context.add(
                cudnn.library().isPresent()
                        ? Row.ok("cudnn").with("version", cudnn.text())
                        : Row.skipped("cudnn", cudnn.text()));
    }
}
