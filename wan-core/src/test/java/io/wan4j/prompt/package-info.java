/** Prompt cleaning and tokenizers. */
@NullMarked
package io.wan4j.prompt;

import org.jspecify.annotations.NullMarked;
