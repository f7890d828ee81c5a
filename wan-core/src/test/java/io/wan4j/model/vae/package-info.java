/** Tests of the VAE. */
@NullMarked
package io.wan4j.model.vae;

import org.jspecify.annotations.NullMarked;
