package io.wan4j.cuda;

import io.wan4j.cuda.library.CublasLt;
import io.wan4j.cuda.library.Cudnn;
import io.wan4j.cuda.library.Probed;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;

/** Simulated devices beside which libraries were found or not. */
final class LibraryDevices {
    private static final String HEAD = "architecture\toperation\tsize\tchoice\tresult\n";

    private LibraryDevices() {}

    /** A table of these rows. */
    static LibraryTable table(String rows) {
        return LibraryTable.parse(HEAD + rows);
    }

    static Probed<CublasLt> noCublasLt() {
        return CublasLt.find(() -> {
            throw new UnsatisfiedLinkError("none");
        });
    }

    static Probed<Cudnn> noCudnn() {
        return Cudnn.find(() -> {
            throw new UnsatisfiedLinkError("none");
        });
    }

    static Device open(
            SimulatedCudaDriver driver, MemorySizes sizes, CudaSettings.Libraries use, LibrarySource source) {
        return CudaDevice.open(
                driver,
                driver.info(),
                DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16),
                new CudaSetup(sizes, CudaSettings.DEFAULT.withLibraries(use), source));
    }
}
