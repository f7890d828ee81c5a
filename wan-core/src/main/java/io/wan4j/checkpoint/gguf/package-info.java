/** The GGUF format of ggml, as ComfyUI-GGUF writes diffusion models: reader, and decoders of its block formats. */
@NullMarked
package io.wan4j.checkpoint.gguf;

import org.jspecify.annotations.NullMarked;
