/** Built kernel images, which of them fits a device, and launching from them. */
@NullMarked
package io.wan4j.cuda.kernel;

import org.jspecify.annotations.NullMarked;
