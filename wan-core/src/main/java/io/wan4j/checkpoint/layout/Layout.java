package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.CheckpointTensor;
import java.util.Map;
import java.util.Set;

/**
 * How one kind of release names and shapes the tensors of one component. To add a layout: implement this, add it to
 * {@link Layouts}, and make a tiny sample in its test.
 */
public interface Layout {

    /** What to call it, for example {@code diffusers}. */
    String title();

    /** The network it names. */
    Component component();

    /** Whether tensors with these names are a whole checkpoint in this layout. Cheap: looks at a few names. */
    boolean recognises(Set<String> names);

    /**
     * The tensors by canonical (original Wan) name and in canonical shapes. Tensors that the layout does not know keep
     * their names, so that strict loading reports them.
     */
    Map<String, CheckpointTensor> toCanonical(Map<String, CheckpointTensor> stored);

    /** The inverse of {@link #toCanonical}, for writing. */
    Map<String, CheckpointTensor> fromCanonical(Map<String, CheckpointTensor> canonical);
}
