/** LoRAs: low-rank changes and differences that files add to a checkpoint's weights, in all common key styles. */
@NullMarked
package io.wan4j.checkpoint.lora;

import org.jspecify.annotations.NullMarked;
