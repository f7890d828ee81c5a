package io.wan4j.spi;

import io.wan4j.tensor.Tensor;

/**
 * Keys and values that one softmax runs over.
 *
 * @param key [Lk, heads * head_dim]
 * @param value [Lk, heads * head_dim]
 */
public record KeyValue(Tensor key, Tensor value) {}
