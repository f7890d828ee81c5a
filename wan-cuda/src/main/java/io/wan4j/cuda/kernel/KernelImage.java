package io.wan4j.cuda.kernel;

import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.error.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One compiled kernel file.
 *
 * @param file name of the source without its ending, for example {@code rms_norm_rope_bf16}
 * @param target {@code sm_89} and the like for machine code, {@code ptx} for text that the driver compiles
 * @param bytes what the driver loads
 */
public record KernelImage(String file, String target, byte[] bytes) {
    /** The oldest PTX version that has all instructions in use; CUDA 12.8 reads it. */
    static final String PTX_VERSION = "8.7";

    private static final String PTX = "ptx";
    private static final Pattern VERSION = Pattern.compile("(?m)^\\.version \\S+");
    private static final ComputeCapability PTX_CAPABILITY = new ComputeCapability(8, 9);

    /**
     * The image of a kernel file that fits a device best: machine code of its architecture (with its own extensions
     * first), machine code of an older minor version of the same major version, else PTX.
     *
     * @throws DeviceException if the jar holds none that fits
     */
    public static KernelImage select(String file, ComputeCapability capability) {
        List<String> targets = targets(capability);
        for (String target : targets) {
            String resource = target.equals(PTX) ? file + ".ptx" : file + "." + target + ".cubin";
            try (InputStream in = KernelImage.class.getResourceAsStream("/io/wan4j/cuda/kernels/" + resource)) {
                if (in != null) {
                    return new KernelImage(file, target, in.readAllBytes());
                }
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
        throw new DeviceException("kernel " + file + ": expected an image for " + targets
                + " in the wan-cuda jar, got none; was the module built with its kernels?");
    }

    /** The PTX of a kernel file, as the driver of an unknown later architecture would get it. */
    public static KernelImage ptx(String file) {
        return select(file, new ComputeCapability(99, 0));
    }

    /**
     * This PTX for a driver of an older CUDA version. NVRTC names its own, latest PTX version in every text; the kernels
     * need no more than {@value #PTX_VERSION}.
     */
    public KernelImage readableBy(int driverVersion) {
        if (driverVersion >= CudaDriver.MACHINE_CODE_VERSION) {
            return this;
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        String older = VERSION.matcher(text).replaceFirst(".version " + PTX_VERSION);
        return new KernelImage(file, target, older.getBytes(StandardCharsets.UTF_8));
    }

    /** Whether the PTX, which is made for one architecture, is all that such a driver has for an older device. */
    public static boolean missing(int driverVersion, ComputeCapability capability) {
        return driverVersion < CudaDriver.MACHINE_CODE_VERSION && !capability.isAtLeast(PTX_CAPABILITY);
    }

    static List<String> targets(ComputeCapability capability) {
        List<String> targets = new ArrayList<>();
        targets.add("sm_" + capability.major() + capability.minor() + "a");
        for (int minor = capability.minor(); minor >= 0; minor--) {
            targets.add("sm_" + capability.major() + minor);
        }
        targets.add(PTX);
        return targets;
    }
}
