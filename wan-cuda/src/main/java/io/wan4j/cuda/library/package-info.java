/** NVIDIA's libraries of the user's system, where there are any: found by probing, called by name, never required. */
@NullMarked
package io.wan4j.cuda.library;

import org.jspecify.annotations.NullMarked;
