/** From a sentence to token ids: cleaning as the reference does it, and umT5 tokenizers. */
@NullMarked
package io.wan4j.prompt;

import org.jspecify.annotations.NullMarked;
