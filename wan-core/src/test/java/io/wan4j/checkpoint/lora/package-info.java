@NullMarked
package io.wan4j.checkpoint.lora;

import org.jspecify.annotations.NullMarked;
