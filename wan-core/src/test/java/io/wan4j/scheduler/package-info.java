/** Schedulers against golden vectors and their own rules. */
@NullMarked
package io.wan4j.scheduler;

import org.jspecify.annotations.NullMarked;
