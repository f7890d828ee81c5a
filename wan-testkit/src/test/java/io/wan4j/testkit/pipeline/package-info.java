@NullMarked
package io.wan4j.testkit.pipeline;

import org.jspecify.annotations.NullMarked;
