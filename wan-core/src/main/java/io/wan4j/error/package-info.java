/** The four unchecked exceptions of the SDK. Their messages read: where: expected, got, remedy. */
@NullMarked
package io.wan4j.error;

import org.jspecify.annotations.NullMarked;
