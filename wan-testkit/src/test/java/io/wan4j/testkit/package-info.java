/** Tests of the test kit, and of models and backends by it. */
@NullMarked
package io.wan4j.testkit;

import org.jspecify.annotations.NullMarked;
