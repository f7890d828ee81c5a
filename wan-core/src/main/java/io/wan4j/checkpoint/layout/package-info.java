/**
 * Where the parts of a model lie and what their tensors are called: recognition by content, name tables, and weights by
 * canonical name.
 */
@NullMarked
package io.wan4j.checkpoint.layout;

import org.jspecify.annotations.NullMarked;
