/** The NVIDIA driver behind a small interface, and the probing that decides whether it can be used. */
@NullMarked
package io.wan4j.cuda.driver;

import org.jspecify.annotations.NullMarked;
