package io.wan4j.cuda.kernel;

import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.driver.CudaDriver;
import java.util.HashMap;
import java.util.Map;

/** The kernels of one context: modules are loaded on first use and live until {@link #close}. Not thread-safe. */
public final class KernelLibrary implements AutoCloseable {
    /** What a block may ask for without further words to the driver. */
    private static final int ALWAYS_ALLOWED_SHARED = 48 * 1024;

    private final CudaDriver driver;
    private final ComputeCapability capability;
    private final Map<String, Long> modules = new HashMap<>();
    private final Map<KernelName, Long> functions = new HashMap<>();
    private final Map<Long, Integer> allowedShared = new HashMap<>();

    private record KernelName(String file, String kernel) {}

    /** Kernels for the current context of {@code driver}, whose device has this capability. */
    public KernelLibrary(CudaDriver driver, ComputeCapability capability) {
        this.driver = driver;
        this.capability = capability;
    }

    /** The handle of {@code kernel} in {@code file}, ready to be launched with this much dynamic shared memory. */
    public long function(String file, String kernel, int sharedBytes) {
        Long function = functions.get(new KernelName(file, kernel));
        if (function == null) {
            long module = modules.computeIfAbsent(
                    file, name -> driver.loadModule(image(name).bytes()));
            function = driver.function(module, kernel);
            functions.put(new KernelName(file, kernel), function);
        }
        if (sharedBytes > allowedShared.getOrDefault(function, ALWAYS_ALLOWED_SHARED)) {
            driver.allowSharedMemory(function, sharedBytes);
            allowedShared.put(function, sharedBytes);
        }
        return function;
    }

    private KernelImage image(String file) {
        return driver.takesMachineCode()
                ? KernelImage.select(file, capability)
                : KernelImage.ptx(file).readableBy(driver.version());
    }

    @Override
    public void close() {
        modules.values().forEach(driver::unloadModule);
        modules.clear();
        functions.clear();
        allowedShared.clear();
    }
}
