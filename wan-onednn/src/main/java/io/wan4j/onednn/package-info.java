/** A fast CPU backend: oneDNN for products and convolutions, own vector code for what lies between them. */
@NullMarked
package io.wan4j.onednn;

import org.jspecify.annotations.NullMarked;
