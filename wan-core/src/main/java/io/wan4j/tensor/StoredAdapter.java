package io.wan4j.tensor;

/**
 * A low-rank side branch as a LoRA file holds it: {@code y += strength * up (down x)}.
 *
 * @param down [rank, in]
 * @param up [out, rank]
 * @param strength with alpha / rank included
 */
public record StoredAdapter(StoredTensor down, StoredTensor up, float strength) {}
