@NullMarked
package io.wan4j.testkit.golden;

import org.jspecify.annotations.NullMarked;
