package io.wan4j.tensor;

import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * JavaCPP refuses its smallest allocation once the process holds more than four times the Java heap, by default 8 GiB
 * under {@code -Xmx2g}: far below the weights of a large model, which are counted by the arenas of a device instead.
 */
public final class JavaCppLimits {
    private static final Logger LOG = LoggerFactory.getLogger(JavaCppLimits.class);
    private static final String PROPERTY = "org.bytedeco.javacpp.maxPhysicalBytes";

    private JavaCppLimits() {}

    /** Takes JavaCPP's limit on the process away, unless the user has set one; before its first use in this process. */
    public static void lift() {
        if (System.getProperty(PROPERTY) != null) {
            return;
        }
        System.setProperty(PROPERTY, "0");
        if (Pointer.maxPhysicalBytes() > 0) {
            LOG.warn(
                    "JavaCPP was in use before and allows this process {} MiB of memory;"
                            + " start the JVM with -D{}=0 for models that need more",
                    Pointer.maxPhysicalBytes() >> 20,
                    PROPERTY);
        }
    }
}
