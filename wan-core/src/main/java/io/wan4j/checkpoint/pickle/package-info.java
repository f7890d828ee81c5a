/**
 * State dicts that {@code torch.save} wrote: a zip of raw storages and a pickle that describes them. The pickle is read,
 * never executed.
 */
@NullMarked
package io.wan4j.checkpoint.pickle;

import org.jspecify.annotations.NullMarked;
