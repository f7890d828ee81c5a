/** Tests of the GPU check, on the simulated device, the reference device and with a fake clock. */
@NullMarked
package io.wan4j.gpucheck;

import org.jspecify.annotations.NullMarked;
